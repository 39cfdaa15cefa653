//! The headers of the insights operator and of every other client with a token: `Authorization` and `User-Agent`.

use axum::http::{HeaderMap, header};
use ccx_messages::ClusterId;

use crate::AuthError;

/// Longest token, in bytes. Those with many groups have a few thousand.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Returns the token of `Authorization: Bearer <token>`; `None` without the header.
///
/// Two headers are refused, as a gateway may have checked the other one.
pub(crate) fn bearer_token(headers: &HeaderMap) -> Result<Option<&str>, AuthError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(AuthError::Malformed);
    }
    let text = value.to_str().map_err(|_| AuthError::Malformed)?.trim();
    let (scheme, token) = text.split_once(' ').ok_or(AuthError::Malformed)?;
    let token = token.trim_start();
    let is_valid = !token.is_empty() && token.len() <= MAX_TOKEN_BYTES && !token.contains(' ');
    if scheme.eq_ignore_ascii_case("bearer") && is_valid {
        Ok(Some(token))
    } else {
        Err(AuthError::Malformed)
    }
}

/// Returns the cluster of `User-Agent: insights-operator/<version> cluster/<uuid>`.
pub(crate) fn cluster_in_user_agent(headers: &HeaderMap) -> Option<ClusterId> {
    let text = headers.get(header::USER_AGENT)?.to_str().ok()?;
    text.split(' ').find_map(|part| part.strip_prefix("cluster/")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &header::HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn bearer_token_of_one_header_is_returned() {
        let token = |values: &[&str]| {
            bearer_token(&headers(&header::AUTHORIZATION, values)).map(|token| token.map(str::to_owned))
        };
        assert_eq!(token(&[]), Ok(None));
        assert_eq!(token(&["Bearer dG9rZW4="]), Ok(Some("dG9rZW4=".into())));
        assert_eq!(token(&["bearer  a.b.c "]), Ok(Some("a.b.c".into())));
        let too_long = format!("Bearer {}", "x".repeat(MAX_TOKEN_BYTES + 1));
        for refused in ["", "Bearer", "Bearer ", "Basic dXNlcg==", "Bearer a b", &too_long] {
            assert_eq!(token(&[refused]), Err(AuthError::Malformed), "{refused}");
        }
        assert_eq!(token(&["Bearer a", "Bearer a"]), Err(AuthError::Malformed));
    }

    #[test]
    fn cluster_in_user_agent_is_the_part_after_cluster() {
        let cluster = |agent: &str| {
            cluster_in_user_agent(&headers(&header::USER_AGENT, &[agent])).map(|id| id.to_string())
        };
        let id = "34c3ecc5-624a-49a5-bab8-4fdc5e51a266";
        assert_eq!(cluster(&format!("insights-operator/4.16-abc cluster/{id}")).as_deref(), Some(id));
        assert_eq!(cluster(&format!("acm-operator/v2.3.0 cluster/{id}")).as_deref(), Some(id));
        for agent in ["curl/8.0", "insights-operator/4.16 cluster/none", &format!("cluster{id}")] {
            assert_eq!(cluster(agent), None, "{agent}");
        }
    }
}
