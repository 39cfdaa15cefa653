use ccx_messages::{ClusterId, ErrorClass};
use ccx_sample_archive::hostile::HostileArchive;

use crate::env::TestEnv;

/// One of each format and kind; `ccx-archive` reads all of them, in processes whose memory it measures.
const NAMES: [&str; 8] = [
    "gzip-members-over-the-limit",
    "gzip-states-too-little",
    "bzip2-over-the-limit",
    "xz-over-the-limit",
    "xz-with-a-huge-dictionary",
    "zip-over-the-limit",
    "zip-of-overlapping-entries",
    "tar-with-a-huge-size",
];

#[tokio::test(flavor = "multi_thread")]
async fn hostile_archives_are_dead_letters_and_the_next_message_is_processed() {
    let env = TestEnv::new().await;
    let running = env.start().await;
    for name in NAMES {
        let archive = HostileArchive::ALL.iter().find(|archive| archive.name == name).unwrap();
        let link = env.store(name, archive.to_bytes()).await;
        env.announce(name, &link).await;
    }
    let link = env.store_sample(ClusterId::random()).await;
    env.announce("good", &link).await;

    let results = env.results(1).await;
    assert_eq!(results[0].headers.get_str("ccx-request-id"), Some("good"));
    let letters = env.dead_letters(NAMES.len()).await;
    for (letter, _) in &letters {
        assert_eq!(letter.class, ErrorClass::BadInput, "{}", letter.error);
        assert!(letter.error.contains("failed to read the archive"), "{}", letter.error);
    }
    assert_eq!(letters.len(), NAMES.len());
    running.metric_falls_to("ccx_pipeline_bytes_in_flight", 0).await;
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn archive_that_takes_too_long_is_a_dead_letter() {
    let mut env = TestEnv::new().await;
    env.config.pipeline.archive_timeout = std::time::Duration::ZERO;
    let running = env.start().await;
    let link = env.store_sample(ClusterId::random()).await;
    env.announce("slow", &link).await;
    let letters = env.dead_letters(1).await;
    assert!(letters[0].0.error.contains("takes longer than 0ns"), "{}", letters[0].0.error);
    running.end().await;
}
