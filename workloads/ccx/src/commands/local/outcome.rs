//! Waiting until an archive is served or given up.

use std::time::Duration;

use ccx_messages::ClusterId;
use chrono::{DateTime, SubsecRound as _, Utc};
use tokio::time::Instant;

use super::{
    archives::{Submission, Submitted},
    dead_letters::DeadLetters,
    report::{Report, Reports},
};

/// How often the API is asked.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// What has become of an archive.
pub(super) enum Outcome {
    Served(Served),
    Failed(Failed),
}

/// An archive whose report can be had.
pub(super) struct Served {
    pub(super) archive: String,
    pub(super) cluster_id: ClusterId,
    pub(super) request_id: String,
    pub(super) report: Report,
    /// From the announcement to the first answer with the report.
    pub(super) elapsed: Duration,
}

/// An archive whose report can't be had.
pub(super) struct Failed {
    pub(super) archive: String,
    pub(super) request_id: Option<String>,
    pub(super) error: String,
}

/// What is asked while waiting.
pub(super) struct Waiting {
    pub(super) reports: Reports,
    pub(super) dead_letters: DeadLetters,
    pub(super) timeout: Duration,
}

impl Waiting {
    /// Waits for a report that is as new as the archive, or for the reason why there is none.
    pub(super) async fn outcome(&self, submission: Submission) -> Outcome {
        let archive = submission.archive;
        let submitted = match submission.state {
            Ok(submitted) => submitted,
            Err(error) => return Outcome::Failed(Failed { archive, request_id: None, error }),
        };
        let found = self.wait_for(&submitted).await;
        let request_id = submitted.upload.request_id;
        match found {
            Ok((cluster_id, report)) => {
                let elapsed = (Utc::now() - submitted.upload.announced_at).to_std().unwrap_or_default();
                Outcome::Served(Served { archive, cluster_id, request_id, report, elapsed })
            }
            Err(error) => Outcome::Failed(Failed { archive, request_id: Some(request_id), error }),
        }
    }

    async fn wait_for(&self, submitted: &Submitted) -> Result<(ClusterId, Report), String> {
        let deadline = Instant::now() + self.timeout;
        loop {
            let obstacle = match self.ask(submitted).await {
                Ok(found) => return Ok(found),
                Err(obstacle) => obstacle,
            };
            if let Some(reason) = self.dead_letters.reason(&submitted.upload.request_id) {
                return Err(reason);
            }
            if Instant::now() > deadline {
                return Err(format!(
                    "not served within {} s; in the end the API said: {obstacle}",
                    self.timeout.as_secs()
                ));
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    async fn ask(&self, submitted: &Submitted) -> Result<(ClusterId, Report), String> {
        let cluster_id = submitted.cluster_id.ok_or("the cluster is not known")?;
        let report = self.reports.get(cluster_id).await?;
        if is_as_new_as(&report, submitted.upload.announced_at) {
            Ok((cluster_id, report))
        } else {
            Err("only an older report is there".into())
        }
    }
}

fn is_as_new_as(report: &Report, announced_at: DateTime<Utc>) -> bool {
    report.meta.last_checked_at.is_some_and(|checked| checked >= announced_at.trunc_subsecs(0))
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
    fn an_older_report_is_not_taken_for_the_one_that_is_waited_for() {
        let announced: DateTime<Utc> = "2026-01-15T12:00:01.9Z".parse().unwrap();
        assert!(is_as_new_as(&report("2026-01-15T12:00:01Z"), announced));
        assert!(is_as_new_as(&report("2026-01-15T12:00:02Z"), announced));
        assert!(!is_as_new_as(&report("2026-01-15T12:00:00Z"), announced));
    }
}
