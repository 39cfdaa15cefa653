use proptest::prelude::*;

use super::*;
use crate::{extract::Param, response::Json};

fn key(cluster_id: ClusterId, user: &str) -> Key {
    Key { org: OrgId::new(1).unwrap(), cluster: cluster_id, user: user_id(user), form: 0 }
}

fn user_id(text: &str) -> UserId {
    let parameter: Param<UserId> = serde_json::from_value(text.into()).unwrap();
    parameter.0
}

fn answer(text: &str) -> Arc<Encoded> {
    Arc::new(Json::new(&text).unwrap().into())
}

/// Returns the text of the answer for `key`.
fn cached(cache: &AnswerCache, key: &Key) -> Option<String> {
    cache.get(key).map(|answer| serde_json::from_slice(answer.json()).unwrap())
}

fn in_use(max_bytes: u64) -> AnswerCache {
    let cache = AnswerCache::new(max_bytes);
    cache.resume();
    cache
}

fn insert(cache: &AnswerCache, key: &Key, text: &str) {
    let ticket = cache.ticket(key.cluster).unwrap();
    cache.insert(ticket, key.clone(), answer(text));
}

#[test]
fn answer_is_cached_for_its_own_user_only() {
    let cache = in_use(1 << 20);
    let cluster_id = ClusterId::random();
    insert(&cache, &key(cluster_id, "ann"), "for ann");
    assert_eq!(cached(&cache, &key(cluster_id, "ann")).unwrap(), "for ann");
    assert_eq!(cached(&cache, &key(cluster_id, "bob")), None);
    assert_eq!(cached(&cache, &key(ClusterId::random(), "ann")), None);
    assert!(cache.weight_bytes() > 7);
}

#[test]
fn new_report_invalidates_the_answers_of_all_users_of_its_cluster() {
    let cache = in_use(1 << 20);
    let cluster_id = ClusterId::random();
    for user in ["ann", "bob"] {
        insert(&cache, &key(cluster_id, user), "old");
    }
    cache.invalidate(cluster_id);
    for user in ["ann", "bob"] {
        assert_eq!(cached(&cache, &key(cluster_id, user)), None);
    }
}

#[test]
fn rows_read_before_an_announcement_are_never_served_after_it() {
    let cache = in_use(1 << 20);
    let key = key(ClusterId::random(), "ann");
    let ticket = cache.ticket(key.cluster).unwrap();
    // The query has read the old rows; the new report is committed and announced; only then is the answer inserted.
    cache.invalidate(key.cluster);
    cache.insert(ticket, key.clone(), answer("old"));
    assert_eq!(cached(&cache, &key), None);
}

#[test]
fn cache_is_out_of_use_while_announcements_may_be_missed() {
    let cache = AnswerCache::new(1 << 20);
    let key = key(ClusterId::random(), "ann");
    assert!(cache.ticket(key.cluster).is_none(), "not before the first announcement can be heard");
    cache.resume();
    insert(&cache, &key, "old");
    let ticket_before = cache.ticket(key.cluster).unwrap();
    cache.suspend();
    assert_eq!(cached(&cache, &key), None);
    assert!(cache.ticket(key.cluster).is_none());
    cache.resume();
    assert_eq!(cached(&cache, &key), None, "what was cached before may be outdated");
    cache.insert(ticket_before, key.clone(), answer("old"));
    assert_eq!(cached(&cache, &key), None, "what was read before may be outdated");
    insert(&cache, &key, "new");
    assert_eq!(cached(&cache, &key).unwrap(), "new");
}

#[test]
fn cache_under_many_answers_stays_within_its_memory() {
    let max_bytes = 64 * 1024;
    let cache = in_use(max_bytes);
    let kilobyte = answer(&"x".repeat(1024));
    for _ in 0..1000 {
        let key = key(ClusterId::random(), "ann");
        let ticket = cache.ticket(key.cluster).unwrap();
        cache.insert(ticket, key, Arc::clone(&kilobyte));
    }
    assert!(cache.weight_bytes() <= max_bytes, "{}", cache.weight_bytes());
}

#[test]
fn answer_without_an_announcement_expires() {
    let cache = in_use(1 << 20);
    let key = key(ClusterId::random(), "ann");
    let generation = cache.ticket(key.cluster).unwrap().0;
    let read_at = Instant::now().checked_sub(MAX_ANSWER_AGE).unwrap();
    cache.answers.insert(key.clone(), CacheEntry { answer: answer("old"), generation, read_at });
    assert_eq!(cached(&cache, &key), None);
}

#[derive(Clone, Debug)]
enum Event {
    Write,
    Read { slow: bool },
    Announce,
    Lose,
    Recover,
}

proptest! {
    /// The database is a number that grows. A write is announced some time later; after that no reader may see the number before.
    #[test]
    fn report_after_its_announcement_is_always_seen(
        events in prop::collection::vec(
            prop_oneof![
                Just(Event::Write),
                any::<bool>().prop_map(|slow| Event::Read { slow }),
                Just(Event::Announce),
                Just(Event::Lose),
                Just(Event::Recover),
            ],
            0..60,
        ),
    ) {
        let cache = in_use(1 << 20);
        let key = key(ClusterId::random(), "ann");
        let (mut stored, mut announced, mut heard) = (0_u64, 0_u64, true);
        let mut in_flight: Vec<(Option<Ticket>, u64)> = Vec::new();
        for event in events {
            match event {
                Event::Write => stored += 1,
                Event::Announce => {
                    announced = stored;
                    if heard {
                        cache.invalidate(key.cluster);
                    }
                }
                Event::Lose => {
                    cache.suspend();
                    heard = false;
                }
                Event::Recover => {
                    cache.resume();
                    heard = true;
                }
                Event::Read { slow } => {
                    let kept = cached(&cache, &key);
                    if kept.is_none() {
                        in_flight.push((cache.ticket(key.cluster), stored));
                    }
                    let seen = kept.map_or(stored, |text| text.parse().unwrap());
                    prop_assert!(seen >= announced, "saw {seen} after {announced} was announced");
                    if !slow {
                        for (ticket, value) in in_flight.drain(..) {
                            if let Some(ticket) = ticket {
                                cache.insert(ticket, key.clone(), answer(&value.to_string()));
                            }
                        }
                    }
                }
            }
        }
    }
}
