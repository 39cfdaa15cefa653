//! Outages of Kafka, S3 and PostgreSQL: programs wait, report the outage, and lose no message.
//!
//! One test, since the outage of a server would disturb another.

use std::{thread, time::Duration};

use ccx_e2e::{BACKLOG, Program, Servers, TestEnv, Workload, cluster_with, upload};
use ccx_messages::ClusterId;
use ccx_sample_archive::Fault;
use ccx_test_support::{eventually_within, kafka::Message};

const OUTAGES: usize = 5;

/// How long a server stays down after a program has noticed: longer than [`ATTEMPTS`] take, so that a program
/// which counts them during an outage would dead-letter messages.
const OUTAGE: Duration = Duration::from_secs(4);
const ATTEMPTS: &str = "4";

/// The number per outage; more than the programs need to distinguish an unavailable service from a few
/// invalid links.
const ARCHIVES: usize = 8;

#[test]
#[ignore = "needs servers"]
fn outage_of_any_server_delays_messages_and_loses_none() {
    let servers = Servers::start();
    let env = TestEnv::new(servers, "outage")
        .with("retry.max_attempts", ATTEMPTS)
        .with("retry.max_delay", "500ms")
        // Detects a server that accepts connections and does not respond.
        .with("pipeline.download_read_timeout", "500ms");
    let mut outage = Outage { servers, expected: 0, announcements: announcements(servers), env };

    let mut workloads = outage.start_without_servers();
    outage.restart_kafka(&mut workloads);
    outage.stop_object_storage(&mut workloads);
    outage.suspend_object_storage(&mut workloads);
    outage.restart_database(&mut workloads);

    assert_eq!(outage.env.announce_dead_letters().read(), [], "an outage is not the fault of a message");
    assert_eq!(outage.env.results_dead_letters().read(), []);
    assert_eq!(outage.env.tables().count("consumer_error"), 0);
    for workload in workloads {
        assert_eq!(workload.terminate().code(), Some(0));
    }
}

struct Outage {
    servers: &'static Servers,
    env: TestEnv,
    /// Announcements of stored archives, each of a different cluster.
    announcements: Vec<Message>,
    /// Clusters that must have a report in the end.
    expected: usize,
}

/// Pipeline, writer, aggregator.
type Workloads = [Workload; 3];

impl Outage {
    fn start_without_servers(&mut self) -> Workloads {
        self.announce();
        let Servers { kafka, object_storage, postgres, .. } = self.servers;
        kafka.down();
        object_storage.down();
        postgres.down();
        let mut workloads = Program::ALL.map(|program| self.env.start(program));
        for workload in &mut workloads {
            workload.wait_until_unready();
            assert!(workload.is_live(), "a restart would not bring the servers back");
        }
        thread::sleep(OUTAGE);
        postgres.up();
        object_storage.up();
        kafka.up();
        self.assert_recovered(&mut workloads);
        workloads
    }

    fn restart_kafka(&mut self, workloads: &mut Workloads) {
        self.announce();
        self.servers.kafka.down();
        let [pipeline, writer, aggregator] = workloads;
        assert_reports_unavailable("kafka", pipeline);
        assert_reports_unavailable("kafka", writer);
        aggregator.wait_until_ready();
        thread::sleep(OUTAGE);
        self.servers.kafka.up();
        self.assert_recovered(workloads);
    }

    fn stop_object_storage(&mut self, workloads: &mut Workloads) {
        self.servers.object_storage.down();
        self.announce();
        let [pipeline, writer, aggregator] = &mut *workloads;
        assert_reports_unavailable("storage", pipeline);
        writer.wait_until_ready();
        aggregator.wait_until_ready();
        thread::sleep(OUTAGE);
        self.servers.object_storage.up();
        self.assert_recovered(workloads);
    }

    fn suspend_object_storage(&mut self, workloads: &mut Workloads) {
        self.servers.object_storage.pause();
        self.announce();
        assert_reports_unavailable("storage", &mut workloads[0]);
        thread::sleep(OUTAGE);
        self.servers.object_storage.resume();
        self.assert_recovered(workloads);
    }

    fn restart_database(&mut self, workloads: &mut Workloads) {
        self.servers.postgres.down();
        self.announce();
        let [pipeline, writer, aggregator] = &mut *workloads;
        assert_reports_unavailable("database", writer);
        assert_reports_unavailable("database", aggregator);
        pipeline.wait_until_ready();
        thread::sleep(OUTAGE);
        self.servers.postgres.up();
        self.assert_recovered(workloads);
    }

    /// Announces the next archives.
    fn announce(&mut self) {
        let next: Vec<_> = self.announcements.drain(..ARCHIVES).collect();
        self.env.announcements().append(&next);
        self.expected += ARCHIVES;
    }

    fn assert_recovered(&self, workloads: &mut Workloads) {
        for workload in workloads {
            workload.wait_until_ready();
        }
        eventually_within(BACKLOG, "all reports", || {
            let stored = self.env.tables().count("report");
            if stored == self.expected { Ok(()) } else { Err(format!("{stored} of {}", self.expected)) }
        });
    }
}

fn assert_reports_unavailable(server: &str, workload: &mut Workload) {
    let reasons = workload.wait_until_unready();
    assert!(reasons.to_lowercase().contains(server), "{server} is unavailable, and /readyz says: {reasons}");
}

/// Uploads archives and returns their announcements, which the test sends later.
fn announcements(servers: &'static Servers) -> Vec<Message> {
    let uploads = TestEnv::without_database(servers, "outage-uploads");
    let archive = || cluster_with(ClusterId::random(), &[Fault::NodeNotReady]);
    upload(&uploads, 1, &std::iter::repeat_with(archive).take(OUTAGES * ARCHIVES).collect::<Vec<_>>());
    uploads.announcements().read()
}
