//! Certificates of ingress controllers that expire soon.

use chrono::TimeDelta;
use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{INGRESS_CERTIFICATES, IngressCertificate},
    parse_time,
};

const KEY: &str = "INGRESS_CERTIFICATE_EXPIRING";

/// Time in which an organization can have a new certificate signed.
const MAX_NOTICE: TimeDelta = TimeDelta::days(30);

/// Share of the lifetime. Certificates valid for days or months are renewed automatically with a third to a
/// half of their lifetime left; with less than a quarter left, the renewal has failed.
const NOTICE_PART: i32 = 4;

const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

pub(super) struct IngressCertificateExpiring;

#[derive(Serialize)]
struct Details<'a> {
    certificates: Vec<Ending<'a>>,
}

#[derive(Serialize)]
struct Ending<'a> {
    name: &'a str,
    namespace: &'a str,
    not_after: &'a str,
    days_left: i64,
    controllers: Vec<&'a str>,
}

impl Rule for IngressCertificateExpiring {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.ingress_certificate_expiring", KEY).requires(INGRESS_CERTIFICATES)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let all = context.within_budget(context.ingress_certificates()?);
        let certificates = non_empty(all.filter_map(|certificate| ending(certificate, context)))?;
        Some(Response::hit(KEY, &Details { certificates }))
    }
}

fn ending<'a>(certificate: &'a IngressCertificate<'_>, context: &Context<'_>) -> Option<Ending<'a>> {
    let rest = -context.age(&certificate.not_after)?;
    (rest < notice(certificate)).then(|| Ending {
        name: &certificate.name,
        namespace: &certificate.namespace,
        not_after: &certificate.not_after,
        days_left: rest.num_seconds().div_euclid(SECONDS_PER_DAY),
        controllers: certificate.controllers.iter().map(|controller| &*controller.name).collect(),
    })
}

/// Returns the remaining lifetime below which a certificate is reported.
fn notice(certificate: &IngressCertificate<'_>) -> TimeDelta {
    let (begin, end) = (parse_time(&certificate.not_before), parse_time(&certificate.not_after));
    let lifetime =
        begin.zip(end).map(|(begin, end)| end - begin).filter(|&lifetime| lifetime > TimeDelta::zero());
    lifetime.map_or(MAX_NOTICE, |lifetime| MAX_NOTICE.min(lifetime / NOTICE_PART))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(not_after: &str) -> Answer {
        let certificate = json!({"name": "c", "namespace": "n", "not_after": not_after,
            "controllers": [{"name": "default", "namespace": "openshift-ingress-operator"}]});
        ask(
            IngressCertificateExpiring,
            &[("aggregated/ingress_controllers_certs.json", json!([certificate]))],
        )
    }

    #[test]
    fn certificate_that_ends_in_less_than_thirty_days_is_a_hit() {
        for (not_after, days_left) in
            [("2026-02-14T11:59:59Z", 29), ("2026-01-15T13:00:00Z", 0), ("2026-01-15T11:00:00Z", -1)]
        {
            let certificate = json!({"name": "c", "namespace": "n", "not_after": not_after, "days_left": days_left,
                "controllers": ["default"]});
            assert_eq!(ask_about(not_after), Answer::Hit(json!({"certificates": [certificate]})));
        }
    }

    #[test]
    fn short_lived_certificate_is_judged_by_its_lifetime() {
        for (not_before, not_after, is_hit) in [
            // Six days: four and a half, or two, or one and a quarter of them left.
            ("2026-01-14T01:00:00Z", "2026-01-20T01:00:00Z", false),
            ("2026-01-11T12:00:00Z", "2026-01-17T12:00:00Z", false),
            ("2026-01-10T18:00:00Z", "2026-01-16T18:00:00Z", true),
            // Ninety days: 25 or 20 left.
            ("2025-11-11T12:00:00Z", "2026-02-09T12:00:00Z", false),
            ("2025-11-06T12:00:00Z", "2026-02-04T12:00:00Z", true),
            // Two years: 31 or 29 days left.
            ("2024-02-16T12:00:00Z", "2026-02-15T12:00:00Z", false),
            ("2024-02-14T12:00:00Z", "2026-02-13T12:00:00Z", true),
            // Ends before it begins.
            ("2026-03-01T00:00:00Z", "2026-02-01T00:00:00Z", true),
            ("", "2026-02-01T00:00:00Z", true),
        ] {
            let certificate = json!({"name": "c", "not_before": not_before, "not_after": not_after});
            let answer = ask(
                IngressCertificateExpiring,
                &[("aggregated/ingress_controllers_certs.json", json!([certificate]))],
            );
            assert_eq!(matches!(answer, Answer::Hit(_)), is_hit, "{not_before} {not_after}");
        }
    }

    #[test]
    fn certificate_with_time_left_or_without_an_end_is_silent() {
        assert_eq!(ask_about("2026-02-14T12:00:00Z"), Answer::Miss);
        assert_eq!(ask_about(""), Answer::Miss);
        assert_eq!(ask(IngressCertificateExpiring, &[]), Answer::skip_all(&["ingress_certificates"]));
    }
}
