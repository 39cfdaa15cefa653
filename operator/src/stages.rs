//! The steps of a reconcile that talk to the API server.

pub(crate) mod apply;
pub(crate) mod claim;
pub(crate) mod dereference;
pub(crate) mod dry_run;
pub(crate) mod invalid;
pub(crate) mod refused_pods;
pub(crate) mod token_review;
pub(crate) mod update_status;

use apply::Applied;
use refused_pods::RefusedPods;
use token_review::TokenReviewRights;
use update_status::Findings;

use crate::model::{job_history::JobHistory, problem::Problem, resources::Children};

/// The results of the stages before the status is written.
#[derive(Default)]
pub(crate) struct StageResults {
    /// Absent when the resource is not valid, or when its references could not be read.
    pub(crate) children: Option<Children>,
    pub(crate) applied: Applied,
    pub(crate) findings: Findings,
    /// Why the cluster refuses to create pods.
    pub(crate) refused: RefusedPods,
    /// Whether tokens can be reviewed; absent when they are not.
    pub(crate) token_review: Option<TokenReviewRights>,
    /// The history of the Jobs before this reconcile.
    pub(crate) history: JobHistory,
    /// Whether no ConfigMap has the labels by which those with rules are selected.
    pub(crate) is_selector_unmatched: bool,
    /// Whether a child lacks pods, for which no watch reports the reason.
    pub(crate) lacks_pods: bool,
    /// References that do not exist: only the children that need them wait.
    pub(crate) missing: Vec<Problem>,
    /// Errors of the stages.
    pub(crate) errors: Vec<Problem>,
}

impl StageResults {
    /// The results when a stage before `build` failed.
    pub(crate) fn failed(errors: Vec<Problem>) -> Self {
        Self { errors, ..Self::default() }
    }

    /// All problems to report.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        [self.missing.as_slice(), &self.errors].concat()
    }
}
