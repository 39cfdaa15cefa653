//! Hears which reports have changed.

use std::{collections::VecDeque, time::Duration};

use sqlx::{Executor, postgres::PgListener};
use tracing::{info, warn};

use crate::{
    Database, StorageError,
    notify::{self, REPORT_CHANNEL, ReportKey},
};

/// Waits before connecting again: the first and the longest.
const RECONNECT_DELAYS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// A connection on which nothing has come for so long is asked whether it still lives.
const SILENCE: Duration = Duration::from_secs(15);

/// How long it may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// What has happened to the stored reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportChange {
    /// The report was written, or has left its organisation.
    Changed(ReportKey),
    /// Any report may have changed: changes could not be heard for a while, or were too many to name. From now on they are heard.
    Everything,
    /// From now on changes can't be heard, until [`ReportChange::Everything`] says so. What is read in the meantime must not be kept.
    Unheard,
}

/// Listens for changed reports, and connects again whenever it must.
pub struct ReportListener {
    database: Database,
    listener: Option<PgListener>,
    heard: VecDeque<ReportKey>,
}

impl ReportListener {
    /// Creates a listener, which connects with the first call of [`next`](Self::next), beside the database's connections.
    pub fn new(database: &Database) -> Self {
        Self { database: database.clone(), listener: None, heard: VecDeque::new() }
    }

    /// Waits for the next change. The first one is always [`ReportChange::Everything`]. May be dropped at any time.
    pub async fn next(&mut self) -> ReportChange {
        if let Some(key) = self.heard.pop_front() {
            return ReportChange::Changed(key);
        }
        let Some(listener) = &mut self.listener else {
            self.listener = Some(connect_until_done(&self.database).await);
            return ReportChange::Everything;
        };
        match hear(listener).await {
            Ok(payload) => self.take(&payload),
            Err(error) => {
                warn!(error = %snafu::Report::from_error(error), "the connection that tells of changed reports is lost");
                self.listener = None;
                ReportChange::Unheard
            }
        }
    }

    fn take(&mut self, payload: &str) -> ReportChange {
        self.heard = notify::decode(payload).unwrap_or_default().into();
        self.heard.pop_front().map_or(ReportChange::Everything, ReportChange::Changed)
    }
}

async fn connect_until_done(database: &Database) -> PgListener {
    let (mut delay, longest_delay) = RECONNECT_DELAYS;
    loop {
        match connect(database).await {
            Ok(listener) => {
                info!("listening for changed reports");
                return listener;
            }
            Err(error) => {
                warn!(error = %snafu::Report::from_error(error), "unable to listen for changed reports");
            }
        }
        tokio::time::sleep(delay).await;
        delay = (delay * 2).min(longest_delay);
    }
}

async fn connect(database: &Database) -> Result<PgListener, StorageError> {
    // Each attempt has a connection of its own: the last one may still wait for a server that is unreachable.
    let database = database.with_own_connection()?;
    let statements = database.statements();
    let mut listener = statements.run("listen", PgListener::connect_with(database.pool())).await?;
    listener.eager_reconnect(false);
    statements.run("listen", listener.listen(REPORT_CHANNEL)).await?;
    Ok(listener)
}

/// The next payload.
async fn hear(listener: &mut PgListener) -> Result<String, StorageError> {
    let lost = |source| StorageError::Statement { action: "hear of changed reports", source };
    loop {
        let Ok(heard) = tokio::time::timeout(SILENCE, listener.try_recv()).await else {
            ask(listener).await?;
            continue;
        };
        let notification = heard.map_err(lost)?;
        let disconnected = || lost(sqlx::Error::Io(std::io::ErrorKind::ConnectionAborted.into()));
        return Ok(notification.ok_or_else(disconnected)?.payload().to_owned());
    }
}

/// Makes sure that the connection lives. What is heard meanwhile is not lost: the listener keeps it.
async fn ask(listener: &mut PgListener) -> Result<(), StorageError> {
    let action = "hear of changed reports";
    let answer = tokio::time::timeout(ANSWER, listener.execute("SELECT 1")).await;
    let result = answer.map_err(|_| StorageError::NoAnswer { action, limit: ANSWER })?;
    result.map(|_| ()).map_err(|source| StorageError::Statement { action, source })
}
