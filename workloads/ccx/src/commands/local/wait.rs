//! Waits until an archive is served or dead-lettered.

use std::{sync::Arc, time::Duration};

use ccx_messages::ClusterId;
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use tokio::{sync::Mutex, time::Instant};

use super::{
    archives::{Announced, Source, Submission},
    dead_letters::DeadLetters,
    report::{Recommendation, Report, Reports},
};

/// The interval between two requests to the API.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The result of an archive.
pub(super) enum Outcome {
    Served(Served),
    Failed(Failed),
}

/// An archive whose report is served.
pub(super) struct Served {
    pub(super) archive: String,
    pub(super) cluster_id: ClusterId,
    pub(super) request_id: String,
    pub(super) report: Report,
    /// The hits of the report with their texts.
    pub(super) recommendations: Vec<Recommendation>,
    /// From the announcement to the first response with the report.
    pub(super) elapsed: Duration,
}

/// An archive without a report.
pub(super) struct Failed {
    pub(super) archive: String,
    pub(super) request_id: Option<String>,
    pub(super) error: String,
}

/// Serializes the archives of one cluster: the API serves only the newest report, so the next archive is
/// announced when the report of the previous one has been read. Holds the time of the last announcement.
pub(super) type Turn = Arc<Mutex<Option<DateTime<Utc>>>>;

/// Announces what is deferred, and waits for reports.
pub(super) struct Waiter<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) results: Arc<Results>,
}

/// Waits for the reports of announced archives.
pub(super) struct Results {
    pub(super) reports: Reports,
    pub(super) dead_letters: DeadLetters,
    pub(super) timeout: Duration,
}

/// An archive whose report is expected.
pub(super) struct Sent {
    pub(super) request_id: String,
    pub(super) announced_at: DateTime<Utc>,
    /// `None` if the archive has no content to derive an id from.
    pub(super) cluster_id: Option<ClusterId>,
}

impl Waiter<'_> {
    /// Waits for the report of this archive, or for the reason why it gets no report.
    pub(super) async fn wait(&self, submission: Submission) -> Outcome {
        match submission {
            Submission::Failed { archive, error } => {
                Outcome::Failed(Failed { archive, request_id: None, error })
            }
            Submission::Announced(announced, turn) => {
                let mut last = turn.lock().await;
                *last = Some(announced.upload.announced_at);
                self.wait_for(announced).await
            }
            Submission::Deferred { path, turn } => {
                let mut last = turn.lock().await;
                if let Some(last) = *last {
                    wait_for_next_second(last).await;
                }
                match self.source.announce_file(&path).await {
                    Ok(announced) => {
                        *last = Some(announced.upload.announced_at);
                        self.wait_for(announced).await
                    }
                    Err((archive, error)) => Outcome::Failed(Failed { archive, request_id: None, error }),
                }
            }
        }
    }

    async fn wait_for(&self, announced: Announced) -> Outcome {
        let Announced { archive, upload, cluster_id } = announced;
        let (request_id, announced_at) = (upload.request_id.clone(), upload.announced_at);
        match self.results.wait(&Sent { request_id, announced_at, cluster_id }).await {
            Ok((cluster_id, report, recommendations)) => {
                let elapsed = (Utc::now() - upload.announced_at).to_std().unwrap_or_default();
                let request_id = upload.request_id;
                Outcome::Served(Served { archive, cluster_id, request_id, report, recommendations, elapsed })
            }
            Err(error) => Outcome::Failed(Failed { archive, request_id: Some(upload.request_id), error }),
        }
    }
}

impl Results {
    /// Waits for the report of an archive, or for the reason why it gets no report.
    pub(super) async fn wait(&self, sent: &Sent) -> Result<(ClusterId, Report, Vec<Recommendation>), String> {
        let deadline = Instant::now() + self.timeout;
        loop {
            let obstacle = match self.ask(sent).await {
                Ok(found) => return Ok(found),
                Err(obstacle) => obstacle,
            };
            if let Some(reason) = self.dead_letters.reason(&sent.request_id) {
                return Err(reason);
            }
            if Instant::now() > deadline {
                let seconds = self.timeout.as_secs();
                return Err(format!("not served within {seconds} s; the last answer of the API: {obstacle}"));
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    async fn ask(&self, sent: &Sent) -> Result<(ClusterId, Report, Vec<Recommendation>), String> {
        let cluster_id = sent.cluster_id.ok_or("the cluster is not known")?;
        let report = self.reports.get(cluster_id).await?;
        if !is_as_new_as(&report, sent.announced_at) {
            return Err("only an older report is there".into());
        }
        let recommendations = self.reports.recommendations(cluster_id).await?;
        Ok((cluster_id, report, recommendations))
    }
}

fn is_as_new_as(report: &Report, announced_at: DateTime<Utc>) -> bool {
    report.meta.last_checked_at.is_some_and(|checked| checked >= announced_at.trunc_subsecs(0))
}

/// The API returns times in whole seconds: two announcements of a cluster in one second could not be
/// distinguished.
async fn wait_for_next_second(last: DateTime<Utc>) {
    let next = last.trunc_subsecs(0) + TimeDelta::seconds(1);
    tokio::time::sleep((next - Utc::now()).to_std().unwrap_or_default()).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(last_checked_at: &str) -> Report {
        serde_json::from_str(&format!(
            r#"{{"meta":{{"count":0,"last_checked_at":"{last_checked_at}"}},"reports":[]}}"#
        ))
        .unwrap()
    }

    #[test]
    fn older_report_is_not_taken_for_that_of_the_archive() {
        let announced: DateTime<Utc> = "2026-01-15T12:00:01.9Z".parse().unwrap();
        assert!(is_as_new_as(&report("2026-01-15T12:00:01Z"), announced));
        assert!(is_as_new_as(&report("2026-01-15T12:00:02Z"), announced));
        assert!(!is_as_new_as(&report("2026-01-15T12:00:00Z"), announced));
    }
}
