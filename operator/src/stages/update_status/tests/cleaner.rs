//! The condition of the cleaner.

use super::*;

#[test]
fn failed_run_of_the_cleaner_is_degraded_and_leaves_the_resource_ready() {
    let with_run = |last_run| {
        let mut observation = healthy();
        let state = CronJobState { is_suspended: false, last_due: Some(seconds(900)), last_run };
        observation.state.cleaner =
            Some(CleanerView { name: "ccx-cleaner".into(), state: Some(state), ..CleanerView::default() });
        observation
    };
    for run in [LastRun::Never, LastRun::Running, LastRun::Succeeded(seconds(901))] {
        let observation = with_run(run);
        assert_eq!(
            outcome(&observation, ConditionType::CleanerReady),
            (ConditionValue::True, Reason::AsExpected)
        );
    }
    let mut failed = with_run(LastRun::Failed);
    let issue = failed_with("error: failed to use the database");
    failed.state.cleaner.as_mut().unwrap().issue = Some(("pod-1".into(), issue));
    let (value, reason, message) = verdict(&failed, ConditionType::CleanerReady);
    assert_eq!((value, reason), (ConditionValue::False, Reason::CleanerFailed));
    assert!(message.contains("run of 1970-01-01T00:15:00Z of CronJob ccx-cleaner failed"), "{message}");
    assert!(message.contains("failed to use the database"), "{message}");
    assert_eq!(outcome(&failed, ConditionType::Degraded), (ConditionValue::True, Reason::CleanerFailed));
    assert_eq!(outcome(&failed, ConditionType::Ready).0, ConditionValue::True);
}

#[test]
fn suspended_cleaner_is_neither_degraded_nor_unready() {
    let mut observation = healthy();
    let state = CronJobState { is_suspended: true, ..CronJobState::default() };
    observation.state.cleaner = Some(CleanerView { state: Some(state), ..CleanerView::default() });
    assert_eq!(
        outcome(&observation, ConditionType::CleanerReady),
        (ConditionValue::False, Reason::Suspended)
    );
    assert_eq!(outcome(&observation, ConditionType::Degraded).0, ConditionValue::False);
    assert_eq!(outcome(&observation, ConditionType::Ready).0, ConditionValue::True);
}
