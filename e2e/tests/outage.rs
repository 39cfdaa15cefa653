//! Outages of Kafka, S3 and PostgreSQL: programs wait, report it, and lose nothing.
//!
//! One test, since the outage of a server would disturb another.

use std::{thread, time::Duration};

use ccx_e2e::{BACKLOG, Program, Servers, TestEnv, Workload, cluster_with, upload};
use ccx_messages::ClusterId;
use ccx_sample_archive::Fault;
use ccx_test_support::{eventually_within, kafka::Message};

const OUTAGES: usize = 5;

/// How long a server stays down after a program has noticed: longer than [`ATTEMPTS`] take, so that a program which counts them
/// during an outage would give messages up.
const OUTAGE: Duration = Duration::from_secs(4);
const ATTEMPTS: &str = "4";

/// Per outage; more than the programs need to tell a service that is silent from a few bad links.
const ARCHIVES: usize = 8;

#[test]
#[ignore = "needs servers"]
fn outage_of_any_server_delays_messages_and_loses_none() {
    let servers = Servers::start();
    let env = TestEnv::new(servers, "outage")
        .with("retry.max_attempts", ATTEMPTS)
        .with("retry.max_delay", "500ms")
        // A server that takes connections and says nothing is noticed by this.
        .with("pipeline.download_read_timeout", "500ms");
    let mut outage = Outage { servers, expected: 0, announcements: announcements(servers), env };

    let mut workloads = outage.all_servers_are_away_at_the_start();
    outage.kafka_restarts(&mut workloads);
    outage.the_object_storage_refuses_connections(&mut workloads);
    outage.the_object_storage_hangs(&mut workloads);
    outage.the_database_restarts(&mut workloads);

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
    /// Of archives that are stored, each of a cluster of its own.
    announcements: Vec<Message>,
    /// Clusters that must have a report in the end.
    expected: usize,
}

/// Pipeline, writer, aggregator.
type Workloads = [Workload; 3];

impl Outage {
    fn all_servers_are_away_at_the_start(&mut self) -> Workloads {
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
        self.all_is_well_again(&mut workloads);
        workloads
    }

    fn kafka_restarts(&mut self, workloads: &mut Workloads) {
        self.announce();
        self.servers.kafka.down();
        let [pipeline, writer, aggregator] = workloads;
        assert_blames("kafka", pipeline);
        assert_blames("kafka", writer);
        aggregator.wait_until_ready();
        thread::sleep(OUTAGE);
        self.servers.kafka.up();
        self.all_is_well_again(workloads);
    }

    fn the_object_storage_refuses_connections(&mut self, workloads: &mut Workloads) {
        self.servers.object_storage.down();
        self.announce();
        let [pipeline, writer, aggregator] = &mut *workloads;
        assert_blames("storage", pipeline);
        writer.wait_until_ready();
        aggregator.wait_until_ready();
        thread::sleep(OUTAGE);
        self.servers.object_storage.up();
        self.all_is_well_again(workloads);
    }

    fn the_object_storage_hangs(&mut self, workloads: &mut Workloads) {
        self.servers.object_storage.pause();
        self.announce();
        assert_blames("storage", &mut workloads[0]);
        thread::sleep(OUTAGE);
        self.servers.object_storage.resume();
        self.all_is_well_again(workloads);
    }

    fn the_database_restarts(&mut self, workloads: &mut Workloads) {
        self.servers.postgres.down();
        self.announce();
        let [pipeline, writer, aggregator] = &mut *workloads;
        assert_blames("database", writer);
        assert_blames("database", aggregator);
        pipeline.wait_until_ready();
        thread::sleep(OUTAGE);
        self.servers.postgres.up();
        self.all_is_well_again(workloads);
    }

    /// Announces the next archives.
    fn announce(&mut self) {
        let next: Vec<_> = self.announcements.drain(..ARCHIVES).collect();
        self.env.announcements().append(&next);
        self.expected += ARCHIVES;
    }

    fn all_is_well_again(&self, workloads: &mut Workloads) {
        for workload in workloads {
            workload.wait_until_ready();
        }
        eventually_within(BACKLOG, "all reports", || {
            let stored = self.env.tables().count("report");
            if stored == self.expected { Ok(()) } else { Err(format!("{stored} of {}", self.expected)) }
        });
    }
}

fn assert_blames(server: &str, workload: &mut Workload) {
    let reasons = workload.wait_until_unready();
    assert!(reasons.to_lowercase().contains(server), "{server} is unavailable, and /readyz says: {reasons}");
}

/// Stores archives and takes their announcements back, to be sent when it suits the test.
fn announcements(servers: &'static Servers) -> Vec<Message> {
    let uploads = TestEnv::without_database(servers, "outage-uploads");
    let archive = || cluster_with(ClusterId::random(), &[Fault::NodeNotReady]);
    upload(&uploads, 1, &std::iter::repeat_with(archive).take(OUTAGES * ARCHIVES).collect::<Vec<_>>());
    uploads.announcements().read()
}
