//! The last good answer to each question, for the time when the database is unavailable.
//!
//! A failed answer makes some clients drop all results that they show, so an old answer, marked as such, is better.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    http::{HeaderValue, header},
    response::Response,
};
use ccx_auth::Caller;
use ccx_http::{ContentCoding, Encoded};
use ccx_messages::{ClusterId, OrgId};
use quick_cache::{Weighter, sync::Cache};

/// The mark of an answer that is not current (RFC 7234, 5.5.1).
const WARNING: HeaderValue = HeaderValue::from_static("110 - \"Response is Stale\"");

/// Size of an answer by which the number of answers that fit is estimated, in bytes.
const TYPICAL_ANSWER_BYTES: u64 = 8 * 1024;

/// Rough overhead of the cache and the allocator for each answer, in bytes.
const OVERHEAD_BYTES: u64 = 256;

/// A question: the caller's view, and the path with its query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Question {
    org_id: OrgId,
    user_id: Box<str>,
    sees_internal: bool,
    uri: Box<str>,
}

impl Question {
    pub(crate) fn new(caller: &Caller, uri: &axum::http::Uri) -> Self {
        Self {
            org_id: caller.org_id,
            user_id: caller.user_id_or_zero().into(),
            sees_internal: caller.internal,
            uri: uri.path_and_query().map_or("", |uri| uri.as_str()).into(),
        }
    }

    /// The question for a form of a cluster's report, which several paths and queries ask for.
    pub(crate) fn about_report(caller: &Caller, cluster_id: ClusterId, form: u8) -> Self {
        Self {
            org_id: caller.org_id,
            user_id: caller.user_id_or_zero().into(),
            sees_internal: caller.internal,
            // No path begins like this.
            uri: format!("report {form} of {cluster_id}").into(),
        }
    }
}

/// The last good answers, bounded by their memory.
pub(crate) struct LastAnswers {
    answers: Cache<Question, LastAnswer, ByBytes>,
    max_age: Duration,
}

#[derive(Clone)]
struct LastAnswer {
    answer: Arc<Encoded>,
    read_at: Instant,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Question, LastAnswer> for ByBytes {
    fn weight(&self, question: &Question, last: &LastAnswer) -> u64 {
        let text_bytes = question.user_id.len() + question.uri.len();
        OVERHEAD_BYTES + (text_bytes + last.answer.max_bytes()) as u64
    }
}

impl LastAnswers {
    /// Creates a store for at most `max_bytes`.
    pub(crate) fn new(max_bytes: u64, max_age: Duration) -> Self {
        let estimated_answers = usize::try_from(max_bytes / TYPICAL_ANSWER_BYTES).unwrap_or(usize::MAX);
        Self { answers: Cache::with_weighter(estimated_answers, max_bytes, ByBytes), max_age }
    }

    /// Stores a good answer.
    pub(crate) fn insert(&self, question: Question, answer: Arc<Encoded>) {
        self.answers.insert(question, LastAnswer { answer, read_at: Instant::now() });
    }

    /// Returns the last good answer, marked as stale; `None` without one, or when it is too old.
    pub(crate) fn stale(&self, question: &Question, coding: Option<ContentCoding>) -> Option<Response> {
        let LastAnswer { answer, read_at } = self.answers.get(question)?;
        let age = read_at.elapsed();
        if age > self.max_age {
            return None;
        }
        let mut response = answer.response(coding);
        response.headers_mut().insert(header::WARNING, WARNING);
        response.headers_mut().insert(header::AGE, age.as_secs().into());
        Some(response)
    }
}

#[cfg(test)]
mod tests {
    use ccx_auth::CallerKind;
    use ccx_http::Json;

    use super::*;

    fn caller(org_id: u64) -> Caller {
        Caller {
            org_id: OrgId::new(org_id).unwrap(),
            account_number: None,
            user_id: None,
            display_name: None,
            cluster_id: None,
            is_cluster_authenticated: false,
            kind: CallerKind::User,
            internal: false,
        }
    }

    #[test]
    fn last_answer_is_marked_and_belongs_to_its_organisation_and_query() {
        let answers = LastAnswers::new(1 << 20, Duration::from_hours(1));
        let question = |org_id, uri: &str| Question::new(&caller(org_id), &uri.parse().unwrap());
        answers.insert(question(1, "/v2/clusters?limit=1"), Arc::new(Json::new(&1).unwrap().into()));
        let stale = answers.stale(&question(1, "/v2/clusters?limit=1"), None).unwrap();
        assert_eq!(stale.headers()[header::WARNING], "110 - \"Response is Stale\"");
        assert_eq!(stale.headers()[header::AGE], "0");
        for (org_id, uri) in [(2, "/v2/clusters?limit=1"), (1, "/v2/clusters"), (1, "/v2/clusters?limit=2")] {
            assert!(answers.stale(&question(org_id, uri), None).is_none());
        }
    }

    #[test]
    fn last_answer_that_is_too_old_is_not_used() {
        let answers = LastAnswers::new(1 << 20, Duration::ZERO);
        let question = Question::new(&caller(1), &"/".parse().unwrap());
        answers.insert(question.clone(), Arc::new(Json::new(&1).unwrap().into()));
        assert!(answers.stale(&question, None).is_none());
    }
}
