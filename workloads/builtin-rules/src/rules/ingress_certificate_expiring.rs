//! Certificates of routes that end soon.

use chrono::TimeDelta;
use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{INGRESS_CERTIFICATES, IngressCertificate},
};

const KEY: &str = "INGRESS_CERTIFICATE_EXPIRING";

/// Enough to have a new certificate signed by somebody else.
const MIN_REST: TimeDelta = TimeDelta::days(30);

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
    (rest < MIN_REST).then(|| Ending {
        name: &certificate.name,
        namespace: &certificate.namespace,
        not_after: &certificate.not_after,
        days_left: rest.num_seconds().div_euclid(SECONDS_PER_DAY),
        controllers: certificate.controllers.iter().map(|controller| &*controller.name).collect(),
    })
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
    fn a_certificate_that_ends_in_less_than_thirty_days_is_a_hit() {
        for (not_after, days_left) in
            [("2026-02-14T11:59:59Z", 29), ("2026-01-15T13:00:00Z", 0), ("2026-01-15T11:00:00Z", -1)]
        {
            let certificate = json!({"name": "c", "namespace": "n", "not_after": not_after, "days_left": days_left,
                "controllers": ["default"]});
            assert_eq!(ask_about(not_after), Answer::Hit(json!({"certificates": [certificate]})));
        }
    }

    #[test]
    fn a_certificate_that_lasts_or_does_not_tell_is_none() {
        assert_eq!(ask_about("2026-02-14T12:00:00Z"), Answer::Miss);
        assert_eq!(ask_about(""), Answer::Miss);
        assert_eq!(ask(IngressCertificateExpiring, &[]), Answer::skip_all(&["ingress_certificates"]));
    }
}
