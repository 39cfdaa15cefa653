//! `spec.cleaner`

use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    GoDuration, Resources,
    schema::{
        field::{duration_between, time_zone},
        rule::rule,
    },
};

/// The CronJob that runs `ccx clean`: it deletes old reports and old recommendations for workloads from the database. Its image is that
/// of the Jobs, its pod template that of `dbWriter`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = Cleaner::rules()))]
pub struct Cleaner {
    /// When it runs, as minute, hour, day of the month, month and day of the week.
    #[schemars(length(min = 1, max = 128))]
    pub schedule: String,
    /// The time zone of the schedule; absent means that of kube-controller-manager.
    ///
    /// Example: `Europe/Prague`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = time_zone)]
    pub time_zone: Option<String>,
    /// Reports of clusters that have sent none for this long are deleted.
    #[schemars(transform = duration_between("1h", "87600h"))]
    pub max_age: GoDuration,
    /// Whether no further run is started.
    pub suspend: bool,
    /// Requests and limits of the pod.
    pub resources: Resources,
}

impl Cleaner {
    fn rules() -> Vec<Rule> {
        vec![
            rule(
                "self.schedule.matches('^(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|[0-9A-Za-z*/,?-]+( +[0-9A-Za-z*/,?-]+){4})$')",
                "write a schedule such as \"23 3 * * *\" or @daily",
            )
            .field_path(".schedule"),
        ]
    }
}

impl Default for Cleaner {
    fn default() -> Self {
        Self {
            schedule: "23 3 * * *".into(),
            time_zone: None,
            max_age: GoDuration::from_hours(90 * 24),
            suspend: false,
            resources: Resources::new("50m", "64Mi", "256Mi"),
        }
    }
}
