//! Processes that are killed at any moment: the tables are the same in the end.

#![expect(clippy::unwrap_used, reason = "a test that meets nothing has failed")]

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
    time::Duration,
};

use ccx_e2e::{
    BACKLOG, Program, Servers, TestEnv, Workload, cluster_with, differences, get, identity_header, upload,
};
use ccx_messages::{Announce, ClusterId, header};
use ccx_sample_archive::Fault;
use ccx_test_support::{
    eventually_within,
    kafka::{Message, Topic},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::Value;

/// The variable with the random seed, which repeats a run; a failed one prints its value.
const SEED_VARIABLE: &str = "CCX_E2E_SEED";

const ORG: u32 = 1;

/// The number of clusters whose archives are uploaded, several different ones of each.
const CLUSTERS: usize = 20;
const ARCHIVES_PER_CLUSTER: usize = 3;

/// The number of announcements of each archive, each for another cluster.
const ROUNDS: usize = 7;

/// The number of kills.
const KILLS: usize = 24;

/// The time between two kills: from less than a start takes to enough for some work.
const PAUSE_MS: std::ops::Range<u64> = 50..2500;

/// The time until Kafka reassigns the partitions of a killed member.
const SESSION_TIMEOUT: &str = "1s";

/// Announcements come in bursts, so that most of the time there is work in flight that a kill can hit, up to
/// the last kill.
const BURST: usize = 40;
const BURST_PAUSE: Duration = Duration::from_secs(3);

#[test]
#[ignore = "needs servers"]
fn programs_killed_at_random_leave_the_tables_of_an_undisturbed_run() {
    let servers = Servers::start();
    let seed =
        std::env::var(SEED_VARIABLE).ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    println!("{SEED_VARIABLE}={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let traffic = Traffic::new(servers, &mut random);

    let undisturbed = TestEnv::new(servers, "undisturbed");
    traffic.send(&undisturbed, Duration::ZERO);
    let workloads = Program::ALL.map(|program| undisturbed.start(program));
    wait_until_drained(&undisturbed);
    drop(workloads);
    traffic.assert_everything_had_its_effect(&undisturbed);

    let disturbed = TestEnv::new(servers, "disturbed").with("kafka.session_timeout", SESSION_TIMEOUT);
    let mut workloads = thread::scope(|scope| {
        scope.spawn(|| traffic.send(&disturbed, BURST_PAUSE));
        kill_at_random(&disturbed, &mut random)
    });
    wait_until_drained(&disturbed);

    println!("{} results of {} archives", disturbed.results().len(), undisturbed.results().len());
    assert_eq!(
        requests(&disturbed),
        requests(&undisturbed),
        "an archive without a result, or the other way round"
    );
    let differences = differences(&undisturbed.tables().dump(), &disturbed.tables().dump());
    assert!(differences.is_empty(), "killing has changed the tables:\n{differences}");
    assert_eq!(letters(&disturbed.announce_dead_letters()), letters(&undisturbed.announce_dead_letters()));
    assert_eq!(letters(&disturbed.results_dead_letters()), letters(&undisturbed.results_dead_letters()));
    workloads[Program::Aggregator as usize].wait_until_ready();
    assert_all_are_served(&disturbed);
}

/// The messages of both runs.
struct Traffic {
    /// Several for each cluster, with invalid ones between them.
    announcements: Vec<Message>,
    bad_announcements: Vec<Message>,
    bad_results: Vec<Message>,
}

impl Traffic {
    fn new(servers: &'static Servers, random: &mut StdRng) -> Self {
        let clusters: Vec<_> = std::iter::repeat_with(ClusterId::random).take(CLUSTERS).collect();
        let uploads = TestEnv::without_database(servers, "crash-uploads");
        upload(&uploads, ORG, &archives(&clusters, random));
        let uploaded = uploads.announcements().read();
        let mut announcements: Vec<_> = (0..ROUNDS).flat_map(|_| as_other_clusters(&uploaded)).collect();

        let no_archives = TestEnv::without_database(servers, "crash-no-archives");
        upload(&no_archives, ORG, &[b"this is no archive".to_vec(), cut_off(clusters[0])]);
        let mut bad_announcements = no_archives.announcements().read();
        bad_announcements.extend(broken(&uploaded[0]));

        for bad in &bad_announcements {
            announcements.insert(random.random_range(0..announcements.len()), bad.clone());
        }
        Self { announcements, bad_announcements, bad_results: bad_results() }
    }

    /// Sends the announcements in bursts; an invalid result goes with each of the first.
    fn send(&self, env: &TestEnv, pause: Duration) {
        let mut bad_results = self.bad_results.chunks(1);
        for burst in self.announcements.chunks(BURST) {
            env.announcements().append(burst);
            env.results().append(bad_results.next().unwrap_or_default());
            thread::sleep(pause);
        }
    }

    /// Asserts that every message had its effect, so that no empty tables are compared.
    fn assert_everything_had_its_effect(&self, env: &TestEnv) {
        let tables = env.tables();
        assert_eq!(tables.count("report"), ROUNDS * CLUSTERS);
        assert_eq!(tables.count("report_info"), ROUNDS * CLUSTERS);
        assert!(tables.count("rule_hit") > 0);
        assert_eq!(tables.count("recommendation"), tables.count("rule_hit"));
        assert_eq!(tables.count("consumer_error"), self.bad_results.len());
        let payloads = |messages: &[Message]| {
            messages.iter().map(|message| message.payload.clone()).collect::<BTreeSet<_>>()
        };
        assert_eq!(payloads(&env.announce_dead_letters().read()), payloads(&self.bad_announcements));
        assert_eq!(payloads(&env.results_dead_letters().read()), payloads(&self.bad_results));
    }
}

/// Returns the archives, round by round one of each cluster, with changing faults.
fn archives(clusters: &[ClusterId], random: &mut StdRng) -> Vec<Vec<u8>> {
    let mut archives = Vec::new();
    for _ in 0..ARCHIVES_PER_CLUSTER {
        for cluster_id in clusters {
            let count = random.random_range(0..4);
            let faults: Vec<Fault> = Fault::ALL.sample(random, count).copied().collect();
            archives.push(cluster_with(*cluster_id, &faults));
        }
    }
    archives
}

/// Returns announcements of the same archives for other clusters: many reports from few uploads.
fn as_other_clusters(uploaded: &[Message]) -> Vec<Message> {
    let mut others = BTreeMap::new();
    let as_another = |message: &Message| {
        let mut announce = Announce::parse(message.payload.as_bytes()).unwrap();
        let cluster_id = announce.identity.cluster_id.as_mut().expect("`ccx upload` has read it");
        *cluster_id = *others.entry(*cluster_id).or_insert_with(ClusterId::random);
        announce.request_id = Some(format!("{:032x}", rand::random::<u128>()));
        Message::announcement(String::from_utf8(announce.to_json(1)).unwrap())
    };
    uploaded.iter().map(as_another).collect()
}

fn cut_off(cluster_id: ClusterId) -> Vec<u8> {
    let archive = cluster_with(cluster_id, &[]);
    archive[..archive.len() / 2].to_vec()
}

/// Returns announcements that can't be processed, derived from a valid one.
fn broken(good: &Message) -> [Message; 3] {
    let no_json = good.payload.replacen('{', "", 1);
    let no_identity = good.payload.replace("\"b64_identity\"", "\"identity\"");
    let wrong_signature = good.payload.replace("X-Amz-Signature=", "X-Amz-Signature=0");
    [no_json, no_identity, wrong_signature].map(Message::announcement)
}

/// Returns results that can't be stored.
fn bad_results() -> Vec<Message> {
    [
        "no JSON",
        r#"{"OrgID": 1, "LastChecked": "2026-01-15T12:00:00Z", "Report": {}}"#,
        r#"{"OrgID": 1, "ClusterName": "no UUID", "LastChecked": "2026-01-15T12:00:00Z", "Report": {}}"#,
    ]
    .map(|payload| Message { headers: Vec::new(), payload: payload.into() })
    .into()
}

/// Starts all programs, and kills one of them repeatedly; each is restarted at once.
fn kill_at_random(env: &TestEnv, random: &mut StdRng) -> [Workload; 3] {
    let mut workloads = Program::ALL.map(|program| env.start(program));
    for _ in 0..KILLS {
        thread::sleep(Duration::from_millis(random.random_range(PAUSE_MS)));
        let program = *Program::ALL.choose(random).unwrap();
        let workload = &mut workloads[program as usize];
        workload.kill();
        *workload = env.start(program);
    }
    workloads
}

fn wait_until_drained(env: &TestEnv) {
    eventually_within(BACKLOG, "that all is stored", || env.is_drained());
}

/// Returns the requests that have a result.
fn requests(env: &TestEnv) -> BTreeSet<String> {
    let request = |result: &Message| {
        serde_json::from_str::<Value>(&result.payload).ok()?["RequestId"].as_str().map(str::to_owned)
    };
    env.results().read().iter().filter_map(request).collect()
}

/// Returns each letter once: a process that is killed between sending a letter and committing its offset
/// sends it again.
fn letters(topic: &Topic) -> BTreeSet<(String, Option<String>)> {
    let class = |letter: &Message| letter.header(header::ERROR_CLASS).map(str::to_owned);
    topic.read().into_iter().map(|letter| (letter.payload.clone(), class(&letter))).collect()
}

fn assert_all_are_served(env: &TestEnv) {
    let path = format!("/api/v1/organizations/{ORG}/clusters");
    let answer = get(env.port(Program::Aggregator), &path, &[identity_header(ORG)]).unwrap();
    assert_eq!(
        answer.json()["clusters"].as_array().map(Vec::len),
        Some(ROUNDS * CLUSTERS),
        "{}",
        answer.body
    );
}
