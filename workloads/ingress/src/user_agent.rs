//! The program that sent a request, as a label of metrics: few values, whatever clients send.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use axum::http::{HeaderMap, header};

/// Most programs that get a label of their own.
const MAX_PROGRAMS: usize = 50;

/// Longest name of a program, in characters.
const MAX_CHARS: usize = 64;

/// The label of all other programs.
const OTHER: &str = "other";

/// The programs that have a label.
#[derive(Debug, Default)]
pub(crate) struct UserAgents {
    known: Mutex<BTreeSet<String>>,
}

impl UserAgents {
    /// Returns the label for the program of a request: its name without version and comments.
    pub(crate) fn label(&self, headers: &HeaderMap) -> String {
        let Some(name) = program(headers) else { return OTHER.into() };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(name) {
            return name.into();
        }
        if known.len() >= MAX_PROGRAMS {
            return OTHER.into();
        }
        known.insert(name.into());
        name.into()
    }
}

fn program(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::USER_AGENT)?.to_str().ok()?;
    let name = text.split([' ', '/']).next()?;
    let is_valid = |name: &&str| {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        !name.is_empty() && name.len() <= MAX_CHARS && name.bytes().all(is_allowed)
    };
    Some(name).filter(is_valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(agent: &str) -> HeaderMap {
        [(header::USER_AGENT, agent.parse().unwrap())].into_iter().collect()
    }

    #[test]
    fn label_is_the_name_of_the_program() {
        let agents = UserAgents::default();
        let label = |agent: &str| agents.label(&headers(agent));
        let operator = "insights-operator/4.16-abc cluster/34c3ecc5-624a-49a5-bab8-4fdc5e51a266";
        assert_eq!(label(operator), "insights-operator");
        assert_eq!((label("curl"), label("\"quoted\"/1")), ("curl".into(), "other".into()));
        assert_eq!(agents.label(&HeaderMap::new()), "other");
    }

    #[test]
    fn number_of_labels_is_bounded() {
        let agents = UserAgents::default();
        for number in 0..MAX_PROGRAMS {
            assert_eq!(agents.label(&headers(&format!("p{number}/1"))), format!("p{number}"));
        }
        assert_eq!(agents.label(&headers("new/1")), "other");
        assert_eq!(agents.label(&headers("p0/2")), "p0");
    }
}
