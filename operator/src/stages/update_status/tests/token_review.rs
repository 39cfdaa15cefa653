//! Reviews of tokens.

use super::*;

#[test]
fn missing_right_to_review_tokens_is_degraded_and_asked_for_again() {
    let with_rights = |rights| Observation { token_review: Some(rights), ..healthy() };
    let granted = with_rights(TokenReviewRights::Granted);
    assert_eq!(outcome(&granted, ConditionType::TokenReviewAllowed).0, ConditionValue::True);
    assert_eq!(granted.valid_until(), None);
    let missing = with_rights(TokenReviewRights::Missing { account: "ccx-ingress".into() });
    let (value, reason, message) = verdict(&missing, ConditionType::TokenReviewAllowed);
    assert_eq!((value, reason), (ConditionValue::False, Reason::TokenReviewForbidden));
    assert!(message.contains("ccx-ingress lacks the ClusterRole system:auth-delegator"), "{message}");
    assert_eq!(
        outcome(&missing, ConditionType::Degraded),
        (ConditionValue::True, Reason::TokenReviewForbidden)
    );
    assert_eq!(outcome(&missing, ConditionType::Ready).0, ConditionValue::True);
    assert_eq!(missing.valid_until(), Some(seconds(1060)));
    let unknown = with_rights(TokenReviewRights::Unknown { error: "forbidden".into() });
    assert_eq!(outcome(&unknown, ConditionType::TokenReviewAllowed).0, ConditionValue::Unknown);
    assert_eq!(outcome(&unknown, ConditionType::Degraded).0, ConditionValue::False);
}
