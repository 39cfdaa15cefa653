//! What is counted and measured.
//!
//! The first group has the names, types and labels of the Python pipeline, so that its dashboards work unchanged; the second, with
//! the prefix `ccx_pipeline_`, is ours. Every handle is resolved once: nothing looks up a label while archives fly.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use ccx_archive::ArchiveKind;
use ccx_messages::ErrorClass;
use ccx_rules::{Engine, FaultReason, Report, Verdict};
use prometheus::{
    Counter, CounterVec, Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    core::Collector, exponential_buckets,
};

use crate::{RemoteConfiguration, filter::Rejection};

/// Most versions of remote configurations that are counted apart. They come from clusters, which could make up any number.
const MAX_CONFIGURATION_VERSIONS: usize = 64;

/// Longest version that is taken for one.
const MAX_CONFIGURATION_VERSION_BYTES: usize = 64;

/// The metrics of the pipeline.
pub(crate) struct Metrics {
    /// Records that passed the filter.
    pub(crate) received: IntCounter,
    /// Records that did not, by reason.
    pub(crate) filtered: Filtered,
    /// Announcements that could not be read.
    pub(crate) not_handled: IntCounter,
    /// Sizes of downloads.
    pub(crate) downloaded: Histogram,
    /// Durations of downloads with all their attempts.
    pub(crate) download_seconds: Histogram,
    /// Sizes of archives as uploaded.
    pub(crate) archive_size: ByKind<Histogram>,
    /// Archives that could be read.
    pub(crate) extracted: ByKind<IntCounter>,
    /// Archives that the rules ran on.
    pub(crate) processed: ByKind<IntCounter>,
    /// Durations of reading and rules.
    pub(crate) process_seconds: ByKind<Histogram>,
    /// Archives on which a rule took too long.
    pub(crate) process_timeouts: ByKind<IntCounter>,
    /// Results that Kafka acknowledged.
    pub(crate) published: ByKind<IntCounter>,
    /// Durations from result to acknowledgement.
    pub(crate) publish_seconds: ByKind<Histogram>,
    /// Records that failed.
    pub(crate) failures: ByKind<IntCounter>,
    /// Dead letters, by class.
    pub(crate) dead_letters: ByClass,
    /// Attempts at downloads after the first.
    pub(crate) download_retries: IntCounter,
    /// Attempts at sending after the first.
    pub(crate) send_retries: IntCounter,
    /// Bytes of archives in memory.
    pub(crate) bytes_in_flight: IntGauge,
    /// Records that are being worked on.
    pub(crate) records_in_flight: IntGauge,
    /// 1 while the object storage is away.
    pub(crate) storage_away: IntGauge,
    /// Age of the record received last, in seconds.
    pub(crate) record_age_seconds: Gauge,
    /// Records that wait in Kafka.
    pub(crate) lag: IntGauge,
    rules: Vec<RuleMetrics>,
    configurations: Configurations,
}

/// A metric for each kind of archive.
pub(crate) struct ByKind<T> {
    ocp: T,
    hypershift: T,
}

impl<T> ByKind<T> {
    fn new(of_label: impl Fn(&str) -> T) -> Self {
        Self { ocp: of_label(ArchiveKind::Ocp.label()), hypershift: of_label(ArchiveKind::HyperShift.label()) }
    }

    /// The metric for archives of a kind.
    pub(crate) fn of(&self, kind: ArchiveKind) -> &T {
        match kind {
            ArchiveKind::Ocp => &self.ocp,
            ArchiveKind::HyperShift => &self.hypershift,
        }
    }

    /// The metric for archives that were given up before their kind was known: they count as `ocp`, as the Python pipeline has it.
    pub(crate) fn of_unknown(&self) -> &T {
        &self.ocp
    }
}

/// The total that the Python pipeline has, and the reasons beside it.
pub(crate) struct Filtered {
    total: IntCounter,
    by_reason: [(Rejection, IntCounter); 3],
}

impl Filtered {
    /// Counts a record that is not for us.
    pub(crate) fn count(&self, rejection: Rejection) {
        self.total.inc();
        for (_, counter) in self.by_reason.iter().filter(|(reason, _)| *reason == rejection) {
            counter.inc();
        }
    }
}

/// A counter for each class of error.
pub(crate) struct ByClass {
    transient: IntCounter,
    bad_input: IntCounter,
    bug: IntCounter,
}

impl ByClass {
    /// The counter of a class.
    pub(crate) fn of(&self, class: ErrorClass) -> &IntCounter {
        match class {
            ErrorClass::Transient => &self.transient,
            ErrorClass::BadInput => &self.bad_input,
            ErrorClass::Bug => &self.bug,
        }
    }
}

struct RuleMetrics {
    name: String,
    seconds: Counter,
    faults: IntCounter,
}

/// How often each version was seen, of the first [`MAX_CONFIGURATION_VERSIONS`]; the others are one.
struct Configurations {
    counters: IntCounterVec,
    known: Mutex<BTreeSet<String>>,
}

impl Metrics {
    /// Registers every metric.
    pub(crate) fn new(registry: &Registry, engine: &Engine) -> Result<Self, prometheus::Error> {
        let register = Register(registry);
        let filtered =
            register.counters("ccx_pipeline_filtered_total", "Records that are not for us, by reason", "reason")?;
        let letters = register.counters("ccx_pipeline_dead_letters_total", "Dead letters by class of error", "class")?;
        let class = |class: ErrorClass| letters.with_label_values(&[class.as_str()]);
        Ok(Self {
            received: register.counter("ccx_consumer_received_total", "Kafka messages that passed the filter")?,
            filtered: Filtered {
                total: register.counter("ccx_consumer_filtered_total", "Kafka messages that are not for this service")?,
                by_reason: Rejection::ALL.map(|reason| (reason, filtered.with_label_values(&[reason.label()]))),
            },
            not_handled: register.counter("ccx_not_handled_total", "Announcements that could not be read")?,
            downloaded: register.histogram("ccx_downloaded_total", "Sizes of downloads in bytes", size_buckets()?)?,
            download_seconds: register.histogram(
                "ccx_download_duration_seconds",
                "Durations of downloads",
                duration_buckets()?,
            )?,
            archive_size: register.histogram_by_kind(
                "ccx_consumer_archive_size",
                "Sizes of archives as uploaded, in bytes",
                size_buckets()?,
            )?,
            extracted: register.counter_by_kind("ccx_consumer_extracted_total", "Archives that could be read")?,
            processed: register.counter_by_kind("ccx_engine_processed_total", "Archives that the rules ran on")?,
            process_seconds: register.histogram_by_kind(
                "ccx_process_duration_seconds",
                "Durations of reading an archive and running the rules",
                duration_buckets()?,
            )?,
            process_timeouts: register
                .counter_by_kind("ccx_engine_processed_timeout_total", "Archives on which a rule took too long")?,
            published: register.counter_by_kind("ccx_published_total", "Results that Kafka acknowledged")?,
            publish_seconds: register.histogram_by_kind(
                "ccx_publish_duration_seconds",
                "Durations from a result to its acknowledgement",
                duration_buckets()?,
            )?,
            failures: register.counter_by_kind("ccx_failures_total", "Records that failed")?,
            dead_letters: ByClass {
                transient: class(ErrorClass::Transient),
                bad_input: class(ErrorClass::BadInput),
                bug: class(ErrorClass::Bug),
            },
            download_retries: register
                .counter("ccx_pipeline_download_retries_total", "Attempts at downloads after the first")?,
            send_retries: register.counter("ccx_pipeline_send_retries_total", "Attempts at sending after the first")?,
            bytes_in_flight: register.gauge("ccx_pipeline_bytes_in_flight", "Bytes of archives in memory")?,
            records_in_flight: register.gauge("ccx_pipeline_records_in_flight", "Records that are being worked on")?,
            storage_away: register.gauge("ccx_pipeline_object_storage_away", "1 while the object storage is away")?,
            record_age_seconds: register
                .add(Gauge::new("ccx_pipeline_record_age_seconds", "Age of the record received last")?)?,
            lag: register.gauge("ccx_pipeline_lag_records", "Records that are not committed yet")?,
            rules: register.rules(engine)?,
            configurations: Configurations {
                counters: register.counters(
                    "gathering_conditions_remote_configuration_version_total",
                    "Archives by the version of the remote configuration that they were gathered by",
                    "version",
                )?,
                known: Mutex::default(),
            },
        })
    }

    /// Counts what the rules did with an archive.
    pub(crate) fn count_rules(&self, kind: ArchiveKind, report: &Report) {
        // The engine reports its rules in the order in which it lists them.
        for (run, rule) in report.runs.iter().zip(&self.rules) {
            debug_assert_eq!(run.rule.rule.as_str(), rule.name);
            rule.seconds.inc_by(run.elapsed.as_secs_f64());
            rule.faults.inc_by(u64::from(run.verdict == Verdict::Fault));
        }
        if report.faults.iter().any(|fault| matches!(fault.reason, FaultReason::OverBudget(_))) {
            self.process_timeouts.of(kind).inc();
        }
    }

    /// Counts the remote configuration of an archive.
    pub(crate) fn count_configuration(&self, configuration: &RemoteConfiguration) {
        // The Python pipeline's word for a configuration without a version.
        self.configurations.count(configuration.version.as_deref().unwrap_or("None"));
    }
}

impl Configurations {
    fn count(&self, version: &str) {
        self.counters.with_label_values(&[self.label_of(version)]).inc();
    }

    fn label_of<'a>(&self, version: &'a str) -> &'a str {
        const OTHER: &str = "other";
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(version) {
            return version;
        }
        if known.len() >= MAX_CONFIGURATION_VERSIONS || version.len() > MAX_CONFIGURATION_VERSION_BYTES {
            return OTHER;
        }
        known.insert(version.to_owned());
        version
    }
}

/// Records a size.
pub(crate) fn observe_bytes(sizes: &Histogram, bytes: usize) {
    // Larger ones than 4 GiB are beyond every limit and would be in the last bucket, too.
    sizes.observe(f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)));
}

/// From 1 ms to 32 s: a download or an archive takes milliseconds, a limit tens of seconds.
fn duration_buckets() -> Result<Vec<f64>, prometheus::Error> {
    exponential_buckets(0.001, 2.0, 16)
}

/// From 4 KiB to 128 MiB: real archives have 90 kB to 3 MB, the limit is 100 MiB.
fn size_buckets() -> Result<Vec<f64>, prometheus::Error> {
    exponential_buckets(4096.0, 2.0, 16)
}

struct Register<'a>(&'a Registry);

impl Register<'_> {
    const ARCHIVE: &'static str = "archive";

    fn add<C: Collector + Clone + 'static>(&self, metric: C) -> Result<C, prometheus::Error> {
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn counter(&self, name: &str, help: &str) -> Result<IntCounter, prometheus::Error> {
        self.add(IntCounter::new(name, help)?)
    }

    fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        self.add(IntGauge::new(name, help)?)
    }

    fn counters(&self, name: &str, help: &str, label: &str) -> Result<IntCounterVec, prometheus::Error> {
        self.add(IntCounterVec::new(Opts::new(name, help), &[label])?)
    }

    fn histogram(&self, name: &str, help: &str, buckets: Vec<f64>) -> Result<Histogram, prometheus::Error> {
        self.add(Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets))?)
    }

    fn counter_by_kind(&self, name: &str, help: &str) -> Result<ByKind<IntCounter>, prometheus::Error> {
        let counters = self.counters(name, help, Self::ARCHIVE)?;
        Ok(ByKind::new(|kind| counters.with_label_values(&[kind])))
    }

    fn histogram_by_kind(&self, name: &str, help: &str, buckets: Vec<f64>) -> Result<ByKind<Histogram>, prometheus::Error> {
        let options = HistogramOpts::new(name, help).buckets(buckets);
        let histograms = self.add(HistogramVec::new(options, &[Self::ARCHIVE])?)?;
        Ok(ByKind::new(|kind| histograms.with_label_values(&[kind])))
    }

    fn rules(&self, engine: &Engine) -> Result<Vec<RuleMetrics>, prometheus::Error> {
        let options = Opts::new("ccx_pipeline_rule_seconds_total", "Time spent in each rule");
        let seconds = self.add(CounterVec::new(options, &["rule"])?)?;
        let faults = self.counters("ccx_pipeline_rule_faults_total", "Failures of each rule", "rule")?;
        let metrics_of = |name: &str| RuleMetrics {
            name: name.to_owned(),
            seconds: seconds.with_label_values(&[name]),
            faults: faults.with_label_values(&[name]),
        };
        Ok(engine.rules().map(|meta| metrics_of(meta.rule.as_str())).collect())
    }
}

#[cfg(test)]
mod tests {
    use prometheus::{Encoder as _, TextEncoder};

    use super::*;

    fn metrics() -> (Registry, Metrics) {
        let registry = Registry::new();
        let metrics = Metrics::new(&registry, &Engine::builtin()).unwrap();
        (registry, metrics)
    }

    fn scrape(registry: &Registry) -> String {
        let mut text = Vec::new();
        TextEncoder::new().encode(&registry.gather(), &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn the_names_and_labels_of_the_python_pipeline_are_there_from_the_start() {
        let (registry, metrics) = metrics();
        metrics.count_configuration(&RemoteConfiguration { version: None });
        let text = scrape(&registry);
        for line in [
            "ccx_consumer_received_total 0",
            "ccx_consumer_filtered_total 0",
            "ccx_not_handled_total 0",
            "ccx_consumer_extracted_total{archive=\"ocp\"} 0",
            "ccx_consumer_extracted_total{archive=\"hypershift\"} 0",
            "ccx_engine_processed_total{archive=\"ocp\"} 0",
            "ccx_engine_processed_timeout_total{archive=\"hypershift\"} 0",
            "ccx_published_total{archive=\"ocp\"} 0",
            "ccx_failures_total{archive=\"hypershift\"} 0",
            "ccx_downloaded_total_count 0",
            "ccx_consumer_archive_size_count{archive=\"ocp\"} 0",
            "ccx_download_duration_seconds_count 0",
            "ccx_process_duration_seconds_count{archive=\"ocp\"} 0",
            "ccx_publish_duration_seconds_count{archive=\"hypershift\"} 0",
            "gathering_conditions_remote_configuration_version_total{version=\"None\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn clusters_cant_make_up_any_number_of_versions() {
        let (registry, metrics) = metrics();
        for number in 0..1000 {
            metrics.count_configuration(&RemoteConfiguration { version: Some(format!("1.0.{number}")) });
        }
        metrics.count_configuration(&RemoteConfiguration { version: Some("1.0.3".into()) });
        let text = scrape(&registry);
        let of_version = |version: &str| {
            let prefix = format!("gathering_conditions_remote_configuration_version_total{{version=\"{version}\"}} ");
            text.lines().find_map(|line| line.strip_prefix(&prefix)).map(str::to_owned)
        };
        assert_eq!(of_version("1.0.3").as_deref(), Some("2"));
        assert_eq!(of_version("other").as_deref(), Some("936"));
        assert_eq!(of_version("1.0.64"), None);
    }

    #[test]
    fn a_rejection_is_counted_in_all_and_by_reason() {
        let (registry, metrics) = metrics();
        metrics.filtered.count(Rejection::TooOld);
        let text = scrape(&registry);
        assert!(text.contains("\nccx_consumer_filtered_total 1\n"), "{text}");
        assert!(text.contains("\nccx_pipeline_filtered_total{reason=\"too-old\"} 1\n"), "{text}");
        assert!(text.contains("\nccx_pipeline_filtered_total{reason=\"no-service\"} 0\n"), "{text}");
    }
}
