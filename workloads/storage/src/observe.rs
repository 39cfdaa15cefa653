//! Names of statements, for errors and metrics.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use snafu::ResultExt;

use crate::{StorageError, error::StatementSnafu};

/// Gets the name and the duration of every statement, failed or not.
pub type QueryObserver = Arc<dyn Fn(&'static str, Duration) + Send + Sync>;

/// Runs statements by name.
#[derive(Clone, Default)]
pub(crate) struct Statements {
    observer: Option<QueryObserver>,
}

impl Statements {
    pub(crate) fn observed_by(observer: QueryObserver) -> Self {
        Self { observer: Some(observer) }
    }

    /// Runs `statement`; `name` says what it does, such that "failed to {name}" is a sentence.
    pub(crate) async fn run<T>(
        &self,
        name: &'static str,
        statement: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, StorageError> {
        let start = Instant::now();
        let result = statement.await;
        if let Some(observer) = &self.observer {
            observer(name, start.elapsed());
        }
        result.context(StatementSnafu { action: name })
    }
}
