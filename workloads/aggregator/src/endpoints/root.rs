use crate::member::Authenticated;
use ccx_http::{DONE, Done};

/// Shows that the service answers.
#[utoipa::path(get, path = "/", responses((status = 200, description = "It does.", body = Done)))]
pub(crate) async fn root(_: Authenticated) -> Done {
    DONE
}
