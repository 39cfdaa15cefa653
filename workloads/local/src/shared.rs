//! One PostgreSQL server for all tests of a binary.

use tokio::sync::OnceCell;

use crate::{Durability, Postgres};

static SHARED: OnceCell<Postgres> = OnceCell::const_new();

/// The server that all tests of this process share; each takes a database of its own with [`Postgres::create_database`].
///
/// It starts with the first call (about 2 s) and ends with the process.
///
/// # Panics
/// When it cannot be started.
pub async fn test_postgres() -> &'static Postgres {
    let start = async || match Postgres::start_with(Durability::Lost).await {
        Ok(postgres) => postgres,
        Err(error) => panic!("{}", snafu::Report::from_error(error)),
    };
    SHARED.get_or_init(start).await
}
