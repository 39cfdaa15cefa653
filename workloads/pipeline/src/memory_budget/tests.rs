use futures::FutureExt as _;

use super::*;

#[test]
fn archive_that_fits_is_admitted_and_returned_when_dropped() {
    let budget = MemoryBudget::new(100, 10);
    let first = budget.try_admit(60).unwrap();
    assert!(budget.try_admit(60).is_none());
    let second = budget.try_admit(40).unwrap();
    assert_eq!(budget.bytes(), 100);
    drop((first, second));
    assert_eq!(budget.bytes(), 0);
    assert!(budget.try_admit(60).is_some());
}

#[test]
fn single_archive_is_admitted_whatever_its_size() {
    let budget = MemoryBudget::new(100, 10);
    let huge = budget.try_admit(1000).unwrap();
    assert!(budget.try_admit(1).is_none());
    drop(huge);
    assert!(budget.try_admit(1).is_some());
}

#[test]
fn downloads_are_limited_until_a_worker_takes_the_archive() {
    let budget = MemoryBudget::new(100, 1);
    let mut first = budget.try_admit(1).unwrap();
    assert!(budget.try_admit(1).is_none());
    first.unpack(1).now_or_never().unwrap();
    assert!(budget.try_admit(1).is_some());
}

#[test]
fn reservation_follows_the_archive_from_stage_to_stage() {
    let budget = MemoryBudget::new(1000, 10);
    let mut reservation = budget.try_admit(400).unwrap();
    reservation.downloaded(30);
    assert_eq!(budget.bytes(), 30);
    reservation.unpack(300).now_or_never().unwrap();
    assert_eq!(budget.bytes(), 330);
    reservation.grow(450).now_or_never().unwrap();
    assert_eq!(budget.bytes(), 480, "charged with what comes out, not with the estimate");
    reservation.read(440);
    assert_eq!(budget.bytes(), 440);
    reservation.produced(5);
    assert_eq!(budget.bytes(), 5);
    drop(reservation);
    assert_eq!(budget.bytes(), 0);
}

#[test]
fn only_one_archive_exceeds_the_budget_at_a_time() {
    let budget = MemoryBudget::new(100, 10);
    let [mut first, mut second] = [(); 2].map(|()| budget.try_admit(10).unwrap());
    for reservation in [&mut first, &mut second] {
        reservation.unpack(20).now_or_never().unwrap();
    }
    first.grow(500).now_or_never().unwrap();
    assert!(second.grow(21).now_or_never().is_none(), "it grew within its estimate only");
    first.grow(501).now_or_never().unwrap();
    first.produced(1);
    second.grow(500).now_or_never().unwrap();
    assert_eq!(budget.bytes(), 1 + 10 + 500);
    drop(second);
    assert_eq!(budget.bytes(), 1);
}

#[tokio::test]
async fn second_archive_is_unpacked_after_the_first_and_before_new_ones_are_admitted() {
    let budget = MemoryBudget::new(100, 10);
    let mut first = budget.admit(10).await;
    let mut second = budget.admit(10).await;
    first.unpack(90).await;
    assert_eq!(budget.bytes(), 110, "the first one always may");
    let waiting = tokio::spawn(async move {
        second.unpack(80).await;
        second
    });
    while !budget.load().waits_to_unpack {
        tokio::task::yield_now().await;
    }
    first.produced(1);
    assert!(budget.try_admit(1).is_none(), "no new ones while one waits");
    let second = waiting.await.unwrap();
    assert_eq!(budget.bytes(), 91);
    assert!(budget.try_admit(1).is_some());
    drop(second);
}

#[tokio::test]
async fn cancelled_wait_leaves_the_budget_unchanged() {
    let budget = MemoryBudget::new(100, 10);
    let mut first = budget.admit(10).await;
    let mut second = budget.admit(10).await;
    first.unpack(90).await;
    assert!(second.unpack(50).now_or_never().is_none());
    assert!(budget.admit(50).now_or_never().is_none());
    drop((first, second));
    assert_eq!(budget.bytes(), 0);
    assert!(budget.try_admit(50).is_some());
}

/// Archives of random sizes on several threads: all finish, and the total stays within the budget and one archive.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_archives_stay_within_the_budget_and_one_archive() {
    const LARGEST_CONTENT: u64 = 150;
    let budget = MemoryBudget::new(100, 4);
    let mut tasks = Vec::new();
    for number in 0..200_u64 {
        let budget = Arc::clone(&budget);
        tasks.push(tokio::spawn(async move {
            let mut reservation = budget.admit(10 + number % 90).await;
            reservation.downloaded(1 + number % 10);
            tokio::task::yield_now().await;
            reservation.unpack(number * 7 % 10).await;
            let mut peak = budget.bytes();
            for step in 1..=3 {
                reservation.grow(number * 37 % (LARGEST_CONTENT + 1) * step / 3).await;
                peak = peak.max(budget.bytes());
                tokio::task::yield_now().await;
            }
            reservation.produced(1);
            peak
        }));
    }
    for task in tasks {
        let peak = task.await.unwrap();
        assert!(peak <= 100 + LARGEST_CONTENT, "{peak}");
    }
    assert_eq!(budget.bytes(), 0);
}
