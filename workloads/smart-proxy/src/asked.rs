//! A question of a caller, and its answer.

use std::sync::Arc;

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{Uri, request::Parts},
    response::Response,
};
use ccx_auth::Caller;
use ccx_http::{ContentCoding, Encoded, Json, ResponseError as _};
use ccx_messages::ErrorClass;
use futures::future::BoxFuture;
use serde::Serialize;

use crate::{
    api::{Api, Authenticated},
    error::ApiError,
    last_answers::Question,
};

/// A question of an authenticated caller.
pub(crate) struct Asked {
    pub(crate) caller: Caller,
    pub(crate) coding: Option<ContentCoding>,
    uri: Uri,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked
where
    Arc<Api>: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Authenticated(caller) = Authenticated::from_request_parts(parts, state).await?;
        Ok(Self { caller, coding: ContentCoding::from_headers(&parts.headers), uri: parts.uri.clone() })
    }
}

impl Asked {
    /// Returns the answer; while the database is unavailable, the last good one to the same question, marked as stale.
    ///
    /// The future is on the heap: the state of several statements would be part of every layer's.
    pub(crate) fn answer<'a, T: Serialize + 'a>(
        &'a self,
        api: &'a Api,
        answering: impl Future<Output = Result<T, ApiError>> + Send + 'a,
    ) -> BoxFuture<'a, Result<Response, ApiError>> {
        self.encoded(api, async {
            let answer = answering.await?;
            Ok(Arc::new(Encoded::from(Json::new(&answer)?)))
        })
    }

    /// As [`answer`](Self::answer), for an answer that is encoded already.
    pub(crate) fn encoded<'a>(
        &'a self,
        api: &'a Api,
        encoding: impl Future<Output = Result<Arc<Encoded>, ApiError>> + Send + 'a,
    ) -> BoxFuture<'a, Result<Response, ApiError>> {
        self.encoded_for(api, Question::new(&self.caller, &self.uri), encoding)
    }

    /// As [`encoded`](Self::encoded), for a question that several paths and queries ask.
    pub(crate) fn encoded_for<'a>(
        &'a self,
        api: &'a Api,
        question: Question,
        encoding: impl Future<Output = Result<Arc<Encoded>, ApiError>> + Send + 'a,
    ) -> BoxFuture<'a, Result<Response, ApiError>> {
        Box::pin(async move {
            if !api.database.allows_attempt()
                && let Some(stale) = api.last_answers.stale(&question, self.coding)
            {
                api.metrics.stale_answers.inc();
                return Ok(stale);
            }
            let outcome = encoding.await;
            match &outcome {
                Ok(_) => api.database.record_success(),
                Err(error) if error.is_unreachable_database() => api.database.record_failure(),
                Err(_) => {}
            }
            match outcome {
                Ok(answer) => {
                    let response = answer.response(self.coding);
                    api.last_answers.insert(question, answer);
                    Ok(response)
                }
                Err(error) if error.class() == ErrorClass::Transient => {
                    let stale = api.last_answers.stale(&question, self.coding);
                    let path = self.uri.path();
                    stale.ok_or(error).inspect(|_| {
                        api.metrics.stale_answers.inc();
                        tracing::warn!(path, "database unavailable, sending an earlier answer");
                    })
                }
                Err(error) => Err(error),
            }
        })
    }
}
