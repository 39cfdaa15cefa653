//! The metrics, with the names of the service that this one replaces.

use std::time::Duration;

use axum::http::StatusCode;
use ccx_auth::AuthMetrics;
use ccx_outbox::StatusMetrics;
use ccx_service::MetricRegistrar;
use prometheus::{DEFAULT_BUCKETS, HistogramVec, IntCounter, IntCounterVec, IntGauge, Registry, Result};

/// The prefix of the metrics of authentication; the other names are written out.
const NAMESPACE: &str = "ingress";

/// Buckets of the sizes of archives, in bytes.
const SIZES: [f64; 4] = [10_240.0, 102_400.0, 1_024_000.0, 10_240_000.0];

/// The metrics of one process.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    pub(crate) auth: AuthMetrics,
    pub(crate) status: StatusMetrics,
    pub(crate) uploads_in_flight: IntGauge,
    requests: IntCounterVec,
    payload_sizes: HistogramVec,
    stage_seconds: HistogramVec,
    responses: IntCounterVec,
    processed: IntCounterVec,
    validate_seconds: HistogramVec,
    message_produced: IntCounterVec,
    kafka_produced: IntCounterVec,
    publish_seconds: HistogramVec,
    produce_failures: IntCounterVec,
    publishing: IntGauge,
    gathering_rules: IntCounterVec,
}

impl Metrics {
    /// Adds the metrics to a registry.
    pub(crate) fn new(registry: &Registry) -> Result<Self> {
        let add = MetricRegistrar::new(registry, "");
        let seconds = DEFAULT_BUCKETS.to_vec();
        let dropped: IntCounter =
            add.counter("ingress_dropped_statuses_total", "Payload statuses that were not sent")?;
        let sent: IntCounter =
            add.counter("ingress_sent_statuses_total", "Payload statuses that were sent")?;
        let version = add.gauges("ingress_version", "The version of the service", &["version", "commit"])?;
        version.with_label_values(&[env!("CARGO_PKG_VERSION"), ""]).set(1);
        Ok(Self {
            auth: AuthMetrics::new(MetricRegistrar::new(registry, NAMESPACE))?,
            status: StatusMetrics { sent, dropped },
            uploads_in_flight: add.gauge("ingress_uploads_in_flight", "Uploads that are being received")?,
            requests: add.counters("ingress_requests", "Total number of POSTs to /upload", &["useragent"])?,
            payload_sizes: add.histograms(
                "ingress_payload_sizes",
                "Size of payloads posted",
                SIZES.to_vec(),
                &["useragent"],
            )?,
            stage_seconds: add.histograms(
                "ingress_stage_seconds",
                "Number of seconds spent waiting on stage",
                seconds.clone(),
                &[],
            )?,
            responses: add.counters(
                "ingress_responses",
                "Count of response codes by code and user-agent",
                &["useragent", "code"],
            )?,
            processed: add.counters(
                "ingress_processed_payloads",
                "The total number of processed events",
                &["outcome"],
            )?,
            validate_seconds: add.histograms(
                "ingress_validate_elapsed_seconds",
                "Number of seconds from the request to the announcement",
                seconds.clone(),
                &["outcome"],
            )?,
            message_produced: add.counters(
                "ingress_message_produced",
                "Number of announcements by service",
                &["service"],
            )?,
            kafka_produced: add.counters(
                "ingress_kafka_produced",
                "Number of messages produced to kafka",
                &["topic"],
            )?,
            publish_seconds: add.histograms(
                "ingress_publish_seconds",
                "Number of seconds spent writing kafka messages",
                seconds,
                &["topic"],
            )?,
            produce_failures: add.counters(
                "ingress_kafka_produce_failures",
                "Number of times a message was failed to be produced",
                &["topic"],
            )?,
            publishing: add.gauge(
                "ingress_kafka_producer_go_routine_count",
                "Number of announcements that wait for the acknowledgement of kafka",
            )?,
            gathering_rules: add.counters(
                "io_gathering_remote_configuration",
                "Served remote configurations by release channel and version",
                &["channel", "version"],
            )?,
        })
    }

    pub(crate) fn count_request(&self, agent: &str) {
        self.requests.with_label_values(&[agent]).inc();
    }

    pub(crate) fn count_response(&self, agent: &str, status: StatusCode) {
        self.responses.with_label_values(&[agent, status.as_str()]).inc();
    }

    pub(crate) fn observe_size(&self, agent: &str, bytes: u64) {
        #[allow(clippy::cast_precision_loss, reason = "a size is far below 2^52")]
        self.payload_sizes.with_label_values(&[agent]).observe(bytes as f64);
    }

    pub(crate) fn observe_stage(&self, took: Duration) {
        self.stage_seconds.with_label_values::<&str>(&[]).observe(took.as_secs_f64());
    }

    pub(crate) fn observe_outcome(&self, is_success: bool, took: Duration) {
        let outcome = if is_success { "success" } else { "failure" };
        self.processed.with_label_values(&[outcome]).inc();
        self.validate_seconds.with_label_values(&[outcome]).observe(took.as_secs_f64());
    }

    /// Records an attempt to send an announcement.
    pub(crate) fn observe_announcement(&self, topic: &str, service: &str, took: Duration, is_sent: bool) {
        self.publish_seconds.with_label_values(&[topic]).observe(took.as_secs_f64());
        if is_sent {
            self.kafka_produced.with_label_values(&[topic]).inc();
            self.message_produced.with_label_values(&[service]).inc();
        } else {
            self.produce_failures.with_label_values(&[topic]).inc();
        }
    }

    /// Counts an announcement as waiting until the result is dropped.
    pub(crate) fn publishing(&self) -> InFlight {
        InFlight::new(&self.publishing)
    }

    pub(crate) fn count_gathering_rules(&self, channel: &str, version: &str) {
        self.gathering_rules.with_label_values(&[channel, version]).inc();
    }
}

/// One more in a gauge, until it is dropped.
pub(crate) struct InFlight(IntGauge);

impl InFlight {
    pub(crate) fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}
