use proptest::prelude::*;

use super::*;

fn key(cluster_id: ClusterId, user: &str) -> Key {
    Key { org: OrgId::new(1).unwrap(), cluster: cluster_id, user: UserId::for_test(user) }
}

fn in_use(max_bytes: u64) -> AnswerCache {
    let cache = AnswerCache::new(max_bytes);
    cache.resume();
    cache
}

fn keep(cache: &AnswerCache, key: &Key, json: &'static str) {
    let ticket = cache.ticket(key.cluster).unwrap();
    cache.keep(ticket, key.clone(), Bytes::from_static(json.as_bytes()));
}

#[test]
fn an_answer_is_kept_for_its_own_user_only() {
    let cache = in_use(1 << 20);
    let cluster_id = ClusterId::random();
    keep(&cache, &key(cluster_id, "ann"), "for ann");
    assert_eq!(cache.get(&key(cluster_id, "ann")).unwrap(), "for ann");
    assert_eq!(cache.get(&key(cluster_id, "bob")), None);
    assert_eq!(cache.get(&key(ClusterId::random(), "ann")), None);
    assert!(cache.weight_bytes() > 7);
}

#[test]
fn a_new_report_ends_the_answers_of_all_users_of_its_cluster() {
    let cache = in_use(1 << 20);
    let cluster_id = ClusterId::random();
    for user in ["ann", "bob"] {
        keep(&cache, &key(cluster_id, user), "old");
    }
    cache.invalidate(cluster_id);
    for user in ["ann", "bob"] {
        assert_eq!(cache.get(&key(cluster_id, user)), None);
    }
}

#[test]
fn rows_read_before_an_announcement_are_never_served_after_it() {
    let cache = in_use(1 << 20);
    let key = key(ClusterId::random(), "ann");
    let ticket = cache.ticket(key.cluster).unwrap();
    // The query has read the old rows; the new report is committed and announced; only then is the answer kept.
    cache.invalidate(key.cluster);
    cache.keep(ticket, key.clone(), Bytes::from_static(b"old"));
    assert_eq!(cache.get(&key), None);
}

#[test]
fn nothing_is_kept_while_announcements_may_be_missed() {
    let cache = AnswerCache::new(1 << 20);
    let key = key(ClusterId::random(), "ann");
    assert!(cache.ticket(key.cluster).is_none(), "not before the first announcement can be heard");
    cache.resume();
    keep(&cache, &key, "old");
    let ticket_before = cache.ticket(key.cluster).unwrap();
    cache.suspend();
    assert_eq!(cache.get(&key), None);
    assert!(cache.ticket(key.cluster).is_none());
    cache.resume();
    assert_eq!(cache.get(&key), None, "what was kept before may be outdated");
    cache.keep(ticket_before, key.clone(), Bytes::from_static(b"old"));
    assert_eq!(cache.get(&key), None, "what was read before may be outdated");
    keep(&cache, &key, "new");
    assert_eq!(cache.get(&key).unwrap(), "new");
}

#[test]
fn memory_is_bounded() {
    let max_bytes = 64 * 1024;
    let cache = in_use(max_bytes);
    let kilobyte = Bytes::from(vec![b'x'; 1024]);
    for _ in 0..1000 {
        let key = key(ClusterId::random(), "ann");
        let ticket = cache.ticket(key.cluster).unwrap();
        cache.keep(ticket, key, kilobyte.clone());
    }
    assert!(cache.weight_bytes() <= max_bytes, "{}", cache.weight_bytes());
}

#[test]
fn an_answer_has_an_end_also_without_an_announcement() {
    let cache = in_use(1 << 20);
    let key = key(ClusterId::random(), "ann");
    let generation = cache.ticket(key.cluster).unwrap().0;
    let read_at = Instant::now().checked_sub(MAX_ANSWER_AGE).unwrap();
    cache.answers.insert(key.clone(), Kept { json: Bytes::from_static(b"old"), generation, read_at });
    assert_eq!(cache.get(&key), None);
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
    fn after_its_announcement_a_report_is_seen_whatever_happened_between(
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
                    let kept = cache.get(&key);
                    if kept.is_none() {
                        in_flight.push((cache.ticket(key.cluster), stored));
                    }
                    let seen = kept.map_or(stored, |json| std::str::from_utf8(&json).unwrap().parse().unwrap());
                    prop_assert!(seen >= announced, "saw {seen} after {announced} was announced");
                    if !slow {
                        for (ticket, value) in in_flight.drain(..) {
                            if let Some(ticket) = ticket {
                                cache.keep(ticket, key.clone(), value.to_string().into());
                            }
                        }
                    }
                }
            }
        }
    }
}
