//! Receives the notifications about changed reports.

use std::{collections::VecDeque, time::Duration};

use ccx_service::error_chain;
use sqlx::{Executor, postgres::PgListener};
use tracing::{debug, info, warn};

use crate::{
    Database, StorageError,
    notify::{self, REPORT_CHANNEL, ReportKey},
};

/// Delay before the first reconnect, and the longest delay.
const RECONNECT_DELAYS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// A connection without a notification for this time is checked.
const SILENCE: Duration = Duration::from_secs(15);

/// Longest time for its answer.
const ANSWER: Duration = Duration::from_secs(5);

/// A change of the stored reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportChange {
    /// The report was written, or has left its organisation.
    Changed(ReportKey),
    /// Any report may have changed: notifications were lost for a while, or the changes were too many to name. From now on they are
    /// received.
    Everything,
    /// Notifications are lost from now on, until [`ReportChange::Everything`]. Rows read in the meantime must not be cached.
    Lost,
}

/// Listens for changed reports, and reconnects when the connection is lost.
pub struct ReportListener {
    database: Database,
    listener: Option<PgListener>,
    received: VecDeque<ReportKey>,
}

impl ReportListener {
    /// Creates a listener, which connects with the first call of [`next`](Self::next), beside the database's connections.
    pub fn new(database: &Database) -> Self {
        Self { database: database.clone(), listener: None, received: VecDeque::new() }
    }

    /// Waits for the next change. The first one is always [`ReportChange::Everything`]. May be dropped at any time.
    pub async fn next(&mut self) -> ReportChange {
        if let Some(key) = self.received.pop_front() {
            return ReportChange::Changed(key);
        }
        let Some(listener) = &mut self.listener else {
            self.listener = Some(connect_with_retry(&self.database).await);
            return ReportChange::Everything;
        };
        match receive(listener).await {
            Ok(payload) => self.take(&payload),
            Err(error) => {
                warn!(error = %error_chain(&error), "notification connection lost");
                self.listener = None;
                ReportChange::Lost
            }
        }
    }

    fn take(&mut self, payload: &str) -> ReportChange {
        self.received = notify::decode(payload).unwrap_or_default().into();
        self.received.pop_front().map_or(ReportChange::Everything, ReportChange::Changed)
    }
}

/// Logs the first of several failures, and the others with the level debug.
async fn connect_with_retry(database: &Database) -> PgListener {
    let (mut delay, longest_delay) = RECONNECT_DELAYS;
    let mut is_failing = false;
    loop {
        match connect(database).await {
            Ok(listener) => {
                info!("listening for changed reports");
                return listener;
            }
            Err(error) if std::mem::replace(&mut is_failing, true) => {
                debug!(error = %error_chain(&error), "still unable to listen for changed reports");
            }
            Err(error) => {
                warn!(error = %error_chain(&error), "unable to listen for changed reports");
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

/// Returns the next payload.
async fn receive(listener: &mut PgListener) -> Result<String, StorageError> {
    let lost = |source: sqlx::Error| StorageError::Statement {
        action: "receive notifications",
        source: source.into(),
    };
    loop {
        let Ok(received) = tokio::time::timeout(SILENCE, listener.try_recv()).await else {
            check(listener).await?;
            continue;
        };
        let notification = received.map_err(lost)?;
        let disconnected = || lost(sqlx::Error::Io(std::io::ErrorKind::ConnectionAborted.into()));
        return Ok(notification.ok_or_else(disconnected)?.payload().to_owned());
    }
}

/// Checks the connection. Notifications that arrive meanwhile are not lost: the listener buffers them.
async fn check(listener: &mut PgListener) -> Result<(), StorageError> {
    let action = "receive notifications";
    let answer = tokio::time::timeout(ANSWER, listener.execute("SELECT 1")).await;
    let result = answer.map_err(|_| StorageError::NoAnswer { action, limit: ANSWER })?;
    result.map(|_| ()).map_err(|source| StorageError::Statement { action, source: source.into() })
}
