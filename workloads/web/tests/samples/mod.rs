//! A source with sample data, for tests: an organisation for each state.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use ccx_auth::{Authenticator, Caller};
use ccx_config::Auth;
use ccx_messages::{ClusterId, RuleSelector};
use ccx_web::{
    Answer, ArchiveStream, Change, Page, PageSettings, Source, SourceError, Upload, UploadState, Uploads,
    model::{
        AffectedCluster, ClusterOrder, ClusterPage, ClusterReport, ClusterRow, ClusterSelection,
        ClusterTotals, Disabled, ExcludedCluster, Hit, NamespaceKey, PastRecommendation, Recommendation,
        RecommendationDetails, Risk, RiskCounts, WorkloadCheck, WorkloadObject, WorkloadReport, WorkloadRow,
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt as _, future::BoxFuture};
use serde_json::json;

/// An organisation with clusters in all states; also that of callers without credentials.
pub(crate) const USUAL: u32 = 1;
/// An organisation without anything.
pub(crate) const EMPTY: u32 = 2;
/// An organisation with many clusters.
pub(crate) const LARGE: u32 = 3;
/// An organisation whose data can't be read.
pub(crate) const UNAVAILABLE: u32 = 4;
/// An organisation that may see nothing.
pub(crate) const FORBIDDEN: u32 = 5;

/// An organisation at which the source has a fault.
pub(crate) const PANICKING: u32 = 6;

/// The number of clusters of [`LARGE`].
pub(crate) const MANY: usize = 10_000;

/// The cluster with recommendations.
pub(crate) const TROUBLED: u128 = 1;
/// The cluster without recommendations.
pub(crate) const HEALTHY: u128 = 2;
/// The cluster that has not sent a report.
pub(crate) const SILENT: u128 = 3;
/// The cluster whose newest report is old.
pub(crate) const STALE: u128 = 4;

/// The time of all tests.
pub(crate) fn now() -> DateTime<Utc> {
    "2026-06-15T12:00:00Z".parse().expect("a time")
}

/// Returns the page over the samples.
pub(crate) fn page() -> Page {
    page_with(settings())
}

/// Returns the page over the samples that takes archives.
pub(crate) fn page_with_uploads() -> Page {
    page_with(PageSettings { uploads: Some(Arc::new(SampleUploads::default())), ..settings() })
}

fn page_with(page: PageSettings) -> Page {
    let settings =
        Auth { trust_identity_header: true, anonymous_organization: Some(USUAL), ..Auth::default() };
    let authenticator = Arc::new(Authenticator::new(&settings).expect("valid settings"));
    Page::new(Arc::new(Samples::default()), authenticator, page)
}

/// Returns the settings of the page: neither a login nor uploads.
pub(crate) fn settings() -> PageSettings {
    PageSettings {
        secrets: vec![vec![7; 32]],
        stale_after: Duration::from_hours(24),
        login: None,
        uploads: None,
        now,
    }
}

/// Returns the id of a sample cluster.
pub(crate) fn cluster(number: u128) -> ClusterId {
    format!("00000000-0000-4000-8000-{number:012x}").parse().expect("a UUID")
}

/// Sample data, and what is changed in a test.
#[derive(Default)]
pub(crate) struct Samples {
    disabled: Mutex<BTreeMap<(String, Option<ClusterId>), Disabled>>,
    votes: Mutex<BTreeMap<String, i8>>,
    names: Mutex<BTreeMap<ClusterId, String>>,
}

impl Samples {
    fn disabled(&self, rule: &RuleSelector, cluster: Option<ClusterId>) -> Option<Disabled> {
        self.disabled.lock().expect("a lock").get(&(rule.to_string(), cluster)).cloned()
    }

    fn vote(&self, rule: &RuleSelector) -> i8 {
        self.votes.lock().expect("a lock").get(&rule.to_string()).copied().unwrap_or_default()
    }

    fn hits(&self, id: ClusterId) -> Vec<Hit> {
        let mut hits = hits(id);
        for hit in &mut hits {
            hit.disabled = self.disabled(&hit.rule, Some(id)).or_else(|| self.disabled(&hit.rule, None));
            hit.vote = self.vote(&hit.rule);
        }
        hits
    }

    fn clusters(&self, org: u32) -> Vec<ClusterRow> {
        let rows = match org {
            USUAL => usual_clusters(),
            LARGE => many_clusters(),
            _ => return Vec::new(),
        };
        let with_hits = |row: ClusterRow| {
            let enabled = self.hits(row.id).into_iter().filter(|hit| hit.disabled.is_none());
            let hits = if org == LARGE { row.hits } else { enabled.map(|hit| hit.risk).collect() };
            let chosen = self.names.lock().expect("a lock").get(&row.id).cloned();
            let name = chosen.filter(|name| !name.is_empty()).unwrap_or(row.name);
            ClusterRow { hits, name, ..row }
        };
        rows.into_iter().map(with_hits).collect()
    }

    fn recommendation(&self, rule: &Rule) -> Recommendation {
        let selector = rule.selector();
        let hitting = usual_clusters()
            .into_iter()
            .filter(|row| self.hits(row.id).iter().any(|hit| hit.rule == selector && hit.disabled.is_none()));
        Recommendation {
            description: rule.description.into(),
            generic: rule.generic.into(),
            risk: rule.risk,
            impact: Some(rule.risk),
            likelihood: Some(Risk::Moderate),
            resolution_risk: Some(Risk::Low),
            tags: rule.tags.iter().map(|tag| (*tag).to_owned()).collect(),
            published_at: Some(now() - TimeDelta::days(120)),
            is_disabled: self.disabled(&selector, None).is_some(),
            clusters: u32::try_from(hitting.count()).expect("few clusters"),
            rule: selector,
        }
    }

    fn details(&self, selector: &RuleSelector) -> Option<RecommendationDetails> {
        let rule = RULES.iter().find(|rule| rule.selector() == *selector)?;
        let mut details = RecommendationDetails {
            recommendation: self.recommendation(rule),
            disabled: self.disabled(selector, None),
            vote: self.vote(selector),
            affected: Vec::new(),
            excluded: Vec::new(),
        };
        for row in usual_clusters() {
            let Some(hit) = self.hits(row.id).into_iter().find(|hit| hit.rule == *selector) else { continue };
            match self.disabled(selector, Some(row.id)) {
                Some(disabled) => {
                    details.excluded.push(ExcludedCluster { id: row.id, name: row.name, disabled });
                }
                None => details.affected.push(AffectedCluster {
                    id: row.id,
                    name: row.name,
                    version: row.version,
                    last_checked_at: row.last_checked_at,
                    impacted_since: hit.impacted_since,
                }),
            }
        }
        Some(details)
    }
}

fn answer<'a, T: Send + 'a>(caller: &Caller, found: Option<T>) -> Answer<'a, T> {
    let result = match caller.org_id.get() {
        UNAVAILABLE => Err(SourceError::Unavailable),
        FORBIDDEN => Err(SourceError::Forbidden),
        PANICKING => panic!("a fault of the source, made for a test"),
        _ => found.ok_or(SourceError::NotFound),
    };
    Box::pin(async { result })
}

impl Source for Samples {
    fn clusters<'a>(
        &'a self,
        caller: &'a Caller,
        selection: &'a ClusterSelection,
    ) -> Answer<'a, ClusterPage> {
        answer(caller, Some(page_of(self.clusters(caller.org_id.get()), selection)))
    }

    fn cluster_row<'a>(&'a self, caller: &'a Caller, id: ClusterId) -> Answer<'a, ClusterRow> {
        answer(caller, self.clusters(caller.org_id.get()).into_iter().find(|row| row.id == id))
    }

    fn cluster<'a>(&'a self, caller: &'a Caller, id: ClusterId) -> Answer<'a, ClusterReport> {
        let row = self.clusters(caller.org_id.get()).into_iter().find(|row| row.id == id);
        answer(
            caller,
            row.map(|row| ClusterReport {
                hits: self.hits(id),
                past: past(id),
                id,
                name: row.name,
                version: row.version,
                gathered_at: row.last_checked_at.map(|time| time - TimeDelta::minutes(2)),
                last_checked_at: row.last_checked_at,
            }),
        )
    }

    fn recommendations<'a>(&'a self, caller: &'a Caller) -> Answer<'a, Vec<Recommendation>> {
        let rules: &[Rule] = if caller.org_id.get() == EMPTY { &[] } else { RULES };
        answer(caller, Some(rules.iter().map(|rule| self.recommendation(rule)).collect()))
    }

    fn recommendation<'a>(
        &'a self,
        caller: &'a Caller,
        rule: &'a RuleSelector,
    ) -> Answer<'a, RecommendationDetails> {
        answer(caller, self.details(rule))
    }

    fn workloads<'a>(&'a self, caller: &'a Caller) -> Answer<'a, Vec<WorkloadRow>> {
        let rows = if caller.org_id.get() == EMPTY { Vec::new() } else { workloads() };
        answer(caller, Some(rows))
    }

    fn workload<'a>(&'a self, caller: &'a Caller, key: &'a NamespaceKey) -> Answer<'a, WorkloadReport> {
        let row = workloads().into_iter().find(|row| row.key == *key);
        answer(caller, row.map(|row| WorkloadReport { row, checks: checks() }))
    }

    fn apply<'a>(&'a self, caller: &'a Caller, change: &'a Change) -> Answer<'a, ()> {
        match change.clone() {
            Change::Disable { rule, cluster, reason } => {
                let disabled = Disabled { reason, by: caller.user_id.clone(), at: Some(now()) };
                self.disabled.lock().expect("a lock").insert((rule.to_string(), cluster), disabled);
            }
            Change::Enable { rule, cluster } => {
                self.disabled.lock().expect("a lock").remove(&(rule.to_string(), cluster));
            }
            Change::Name { cluster, name } => {
                self.names.lock().expect("a lock").insert(cluster, name);
            }
            Change::Vote { rule, vote, .. } => {
                self.votes.lock().expect("a lock").insert(rule.to_string(), vote);
            }
        }
        answer(caller, Some(()))
    }
}

/// Selects a page of clusters, as the public API does.
fn page_of(all: Vec<ClusterRow>, selection: &ClusterSelection) -> ClusterPage {
    let mut versions: Vec<String> = all.iter().map(|row| minor(&row.version).to_owned()).collect();
    versions.retain(|version| !version.is_empty());
    versions.sort_by_key(|version| Reverse(numbers(version)));
    versions.dedup();
    let mut totals = ClusterTotals {
        clusters: all.len(),
        affected: all.iter().filter(|row| row.hits.total() > 0).count(),
        hits: RiskCounts::default(),
        versions,
    };
    for row in &all {
        totals.hits += row.hits;
    }
    let mut rows: Vec<ClusterRow> = all.into_iter().filter(|row| is_selected(row, selection)).collect();
    rows.sort_by_cached_key(|row| (row.name.to_lowercase(), row.id));
    let compare = |a: &ClusterRow, b: &ClusterRow| match selection.order {
        ClusterOrder::Name => a.name.to_lowercase().cmp(&b.name.to_lowercase()),
        ClusterOrder::Version => numbers(&a.version).cmp(&numbers(&b.version)),
        ClusterOrder::Total => a.hits.total().cmp(&b.hits.total()),
        ClusterOrder::Severity => a.hits.weight().cmp(&b.hits.weight()),
        ClusterOrder::Risk(risk) => a.hits[risk].cmp(&b.hits[risk]),
        ClusterOrder::LastCheckedAt => a.last_checked_at.cmp(&b.last_checked_at),
    };
    rows.sort_by(|a, b| if selection.is_descending { compare(b, a) } else { compare(a, b) });
    let count = rows.len();
    let rows = rows.into_iter().skip(selection.offset).take(selection.limit).collect();
    ClusterPage { rows, count, totals }
}

fn is_selected(row: &ClusterRow, selection: &ClusterSelection) -> bool {
    let text = selection.text.as_deref().unwrap_or_default().to_lowercase();
    let has_version = |version: &String| {
        row.version
            .strip_prefix(version.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    (row.name.to_lowercase().contains(&text) || row.id.to_string().contains(&text))
        && (selection.risks.is_empty() || selection.risks.iter().any(|risk| row.hits[*risk] > 0))
        && (selection.versions.is_empty() || selection.versions.iter().any(has_version))
        && selection.stale.is_none_or(|stale| {
            let oldest = now() - settings().stale_after;
            stale == row.last_checked_at.is_some_and(|time| time < oldest)
        })
}

fn minor(version: &str) -> &str {
    version.match_indices('.').nth(1).map_or(version, |(end, _)| &version[..end])
}

fn numbers(version: &str) -> Vec<u32> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

/// A receiver that finds recommendations in every archive, unless its name says that it is broken. Each look at the list brings the
/// archives one step further.
#[derive(Default)]
pub(crate) struct SampleUploads(Mutex<Vec<Upload>>);

impl Uploads for SampleUploads {
    fn receive<'a>(&'a self, name: &'a str, mut content: ArchiveStream<'a>) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let mut size_bytes = 0;
            while let Some(Ok(chunk)) = content.next().await {
                size_bytes += chunk.len() as u64;
            }
            let upload =
                Upload { name: name.to_owned(), size_bytes, began_at: now(), state: UploadState::Processing };
            self.0.lock().expect("a lock").insert(0, upload);
        })
    }

    fn list(&self) -> Vec<Upload> {
        let mut uploads = self.0.lock().expect("a lock");
        let before = uploads.clone();
        for upload in uploads.iter_mut() {
            upload.state = if upload.name.contains("broken") {
                UploadState::Failed { reason: "the archive is neither gzip, tar nor zip".to_owned() }
            } else {
                UploadState::Processed { cluster: cluster(TROUBLED), hits: 5 }
            };
        }
        before
    }
}

/// Returns a known time.
#[allow(clippy::unnecessary_wraps, reason = "times of the model may be unknown")]
fn ago(hours: i64) -> Option<DateTime<Utc>> {
    Some(now() - TimeDelta::hours(hours))
}

fn usual_clusters() -> Vec<ClusterRow> {
    let row = |number, name: &str, version: &str, hours: Option<i64>| ClusterRow {
        id: cluster(number),
        name: name.to_owned(),
        version: version.to_owned(),
        last_checked_at: hours.and_then(ago),
        hits: RiskCounts::default(),
    };
    let mut rows = vec![
        row(TROUBLED, "payments-eu-1", "4.18.9", Some(1)),
        row(HEALTHY, "edge-berlin", "4.19.2", Some(0)),
        row(SILENT, "00000000-0000-4000-8000-000000000003", "", None),
        row(STALE, "lab-old", "4.14.30", Some(24 * 40)),
    ];
    for (index, name) in ["payments-eu-2", "payments-us-1", "analytics", "ci-runners", "edge-oslo", "staging"]
        .iter()
        .enumerate()
    {
        let number = 10 + index as u128;
        rows.push(row(number, name, ["4.18.9", "4.17.21", "4.19.2"][index % 3], Some([1, 2][index % 2])));
    }
    rows.extend((0..14).map(|index| row(100 + index, &format!("store-{:03}", index + 1), "4.18.9", Some(1))));
    let long = "production-europe-west-1-a-name-that-was-chosen-without-a-thought-of-tables-or-phones";
    rows.push(row(114, long, "4.20.0-0.nightly-2026-06-12-034512", Some(1)));
    rows
}

fn many_clusters() -> Vec<ClusterRow> {
    let row = |index: usize| {
        let mut hits = RiskCounts::default();
        for (risk, modulus) in Risk::ALL.into_iter().zip([17, 7, 5, 3]) {
            hits.add(risk, u32::try_from(index % modulus).expect("small"));
        }
        ClusterRow {
            id: cluster(1_000_000 + index as u128),
            name: format!("cluster-{:05}", index * 7919 % MANY),
            version: format!("4.{}.{}", 12 + index % 8, index % 40),
            last_checked_at: ago(i64::try_from(index % 50).expect("small")),
            hits,
        }
    };
    (0..MANY).map(row).collect()
}

struct Rule {
    name: &'static str,
    key: &'static str,
    risk: Risk,
    tags: &'static [&'static str],
    description: &'static str,
    generic: &'static str,
    reason: &'static str,
    resolution: &'static str,
    /// The hours since the first report with it.
    since: i64,
    /// It hits the clusters whose number leaves this remainder when divided by 5, and [`TROUBLED`].
    remainder: u128,
}

impl Rule {
    fn selector(&self) -> RuleSelector {
        format!("ccx_rules.{}|{}", self.name, self.key).parse().expect("a rule")
    }
}

const RULES: &[Rule] = &[
    Rule {
        name: "nodes_not_ready",
        key: "NODES_NOT_READY",
        risk: Risk::Critical,
        tags: &["openshift", "service_availability", "fault_tolerance"],
        description: "Two control plane nodes are NotReady",
        generic: "A node that is `NotReady` for some minutes loses its pods. With two of three control plane nodes, etcd loses its quorum.",
        reason: "The nodes **master-1** and **master-2** do not report to the control plane. etcd has no quorum, so **nothing in the cluster can be changed**, and pods of failed nodes are not rescheduled.",
        resolution: "1. See which nodes are affected, and since when: `oc get nodes`\n1. Read the kubelet's log on a node:\n\n   ```\n   ssh core@master-1\n   journalctl --unit kubelet --since '1 hour ago'\n   ```\n1. Restart the kubelet if it hangs: `systemctl restart kubelet`",
        since: 1,
        remainder: 9,
    },
    Rule {
        name: "etcd_slow_disk",
        key: "ETCD_DISK_TOO_SLOW",
        risk: Risk::Important,
        tags: &["openshift", "performance", "service_availability"],
        description: "etcd waits for its disk: 99 % of writes take up to 84 ms",
        generic: "etcd writes every change to disk before it answers. Slow disks delay the whole API, and cause leader elections.",
        reason: "Writing etcd's log takes up to **84 ms**; 10 ms is recommended. Leader elections: 7 in one hour.",
        resolution: "1. Find out what else uses the disk: `oc debug node/master-0`\n1. Move etcd to an SSD of its own. See the [recommended practices](https://docs.example.com/etcd).",
        since: 24 * 34,
        remainder: 1,
    },
    Rule {
        name: "certificate_expires",
        key: "INGRESS_CERTIFICATE_EXPIRES",
        risk: Risk::Important,
        tags: &["openshift", "security", "service_availability"],
        description: "The certificate of the ingress controller expires in 9 days",
        generic: "Browsers refuse connections to routes whose certificate has expired.",
        reason: "The certificate `*.apps.example.com` is valid until 2026-06-24.",
        resolution: "1. Create a certificate, and replace the Secret:\n   `oc create secret tls router --cert=new.crt --key=new.key -n openshift-ingress`",
        since: 24 * 9,
        remainder: 2,
    },
    Rule {
        name: "privileged_pods",
        key: "PRIVILEGED_PODS_OF_USERS",
        risk: Risk::Moderate,
        tags: &["openshift", "security"],
        description: "3 pods of users run privileged",
        generic: "A privileged container can do everything that root can do on its node.",
        reason: "Pods in the namespaces `legacy` and `build` run with `privileged: true`.",
        resolution: "Give them only the capabilities that they need: `oc adm policy who-can use scc privileged`",
        since: 24 * 120,
        remainder: 0,
    },
    Rule {
        name: "no_pod_disruption_budget",
        key: "NO_POD_DISRUPTION_BUDGET",
        risk: Risk::Low,
        tags: &["openshift", "fault_tolerance", "best_practice"],
        description: "Deployments of the ingress have no PodDisruptionBudget",
        generic: "Without a budget, draining a node may evict all pods of a service at once.",
        reason: "2 deployments have several replicas and no budget.",
        resolution: "Add a `PodDisruptionBudget` with `maxUnavailable: 1`.",
        since: 24 * 200,
        remainder: 3,
    },
    Rule {
        name: "unused_operator",
        key: "UNUSED_OPERATOR",
        risk: Risk::Low,
        tags: &["openshift"],
        description: "An operator is installed and not used",
        generic: "Operators that are not used need memory and updates.",
        reason: "No resource of the operator exists.",
        resolution: "Delete its subscription.",
        since: 24,
        remainder: 99,
    },
];

fn hits(id: ClusterId) -> Vec<Hit> {
    let number = id.as_uuid().as_u128() & 0xffff_ffff_ffff;
    let is_hit = |rule: &&Rule| {
        rule.remainder < 10
            && number != HEALTHY
            && number != SILENT
            && (number == TROUBLED || number % 5 == rule.remainder)
    };
    RULES.iter().filter(is_hit).map(hit).collect()
}

fn past(id: ClusterId) -> Vec<PastRecommendation> {
    let vanished = |index: usize, from: i64, until: i64| {
        let rule = &RULES[index];
        PastRecommendation {
            rule: rule.selector(),
            description: rule.description.into(),
            risk: rule.risk,
            appeared_at: ago(from),
            vanished_at: now() - TimeDelta::hours(until),
        }
    };
    match id {
        id if id == cluster(TROUBLED) => vec![vanished(5, 24 * 60, 24 * 12), vanished(1, 24 * 150, 24 * 90)],
        id if id == cluster(HEALTHY) => vec![vanished(3, 24 * 20, 24 * 3)],
        _ => Vec::new(),
    }
}

fn hit(rule: &Rule) -> Hit {
    Hit {
        rule: rule.selector(),
        description: rule.description.into(),
        reason: rule.reason.into(),
        resolution: rule.resolution.into(),
        more_info: "See the [documentation](https://docs.example.com/).".into(),
        risk: rule.risk,
        resolution_risk: Some(Risk::Low),
        tags: rule.tags.iter().map(|tag| (*tag).to_owned()).collect(),
        impacted_since: ago(rule.since),
        evidence: json!({
            "type": "rule",
            "error_key": rule.key,
            "file": "config/node/master-1.json",
            "nodes": ["master-1", "master-2"],
            "not_ready": 2,
            "conditions": {"Ready": "Unknown", "message": "Kubelet stopped posting node status."},
        }),
        disabled: None,
        vote: 0,
    }
}

fn workloads() -> Vec<WorkloadRow> {
    let row = |index: u32, cluster_number: u128, cluster_name: &str, namespace: &str, counts: [u32; 4]| {
        let mut hits = RiskCounts::default();
        for (risk, count) in Risk::ALL.into_iter().zip(counts) {
            hits.add(risk, count);
        }
        WorkloadRow {
            key: NamespaceKey {
                cluster: cluster(cluster_number),
                namespace: format!("fad82c1f-96db-430f-b3ec-{index:012}"),
            },
            cluster_name: cluster_name.to_owned(),
            namespace_name: namespace.to_owned(),
            recommendations: counts.iter().filter(|count| **count > 0).count().try_into().expect("small"),
            objects: counts.iter().sum(),
            last_checked_at: ago(2),
            hits,
        }
    };
    vec![
        row(1, TROUBLED, "payments-eu-1", "checkout", [0, 3, 12, 4]),
        row(2, TROUBLED, "payments-eu-1", "fraud-detection", [1, 0, 2, 9]),
        row(3, 10, "payments-eu-2", "checkout", [0, 0, 4, 1]),
        row(4, 12, "analytics", "etl", [0, 0, 0, 3]),
    ]
}

fn checks() -> Vec<WorkloadCheck> {
    let object = |kind: &str, name: &str, index: u32| WorkloadObject {
        kind: kind.into(),
        name: name.into(),
        uid: format!("44de671b-2bd1-4b1c-9be5-{index:012}"),
    };
    vec![
        WorkloadCheck {
            check: "no_liveness_probe".into(),
            description: "Containers have no liveness probe".into(),
            reason: "A container that hangs is **not restarted**.".into(),
            resolution:
                "Add a `livenessProbe`: `oc set probe deployment/NAME --liveness --get-url=http://:8080/`"
                    .into(),
            more_info: String::new(),
            risk: Risk::Moderate,
            objects: (0..12).map(|index| object("Deployment", &format!("checkout-{index}"), index)).collect(),
        },
        WorkloadCheck {
            check: "unset_memory_requirements".into(),
            description: "Containers have no memory limit".into(),
            reason: "Without a limit, one container can take the memory of its node.".into(),
            resolution: "Set `resources.limits.memory`.".into(),
            more_info: "See the [documentation](https://docs.example.com/).".into(),
            risk: Risk::Important,
            objects: (0..3).map(|index| object("StatefulSet", "", index)).collect(),
        },
    ]
}
