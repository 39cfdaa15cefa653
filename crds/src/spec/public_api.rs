//! `spec.publicApi`

use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    CaSecretRef, CallerAuthentication, CredentialsSecretRef, Exposure, GoDuration, PageLogin, PageSecretRef,
    Resources,
    schema::{
        field::{duration_between, http_url, image, metrics_namespace},
        rule::{only_when, required, rule},
    },
};

/// The pods that serve the public API (insights-results-smart-proxy) and the Advisor page: reports with texts, for the users of an
/// organisation. The pod template is that of `aggregator`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = PublicApi::rules()))]
pub struct PublicApi {
    /// Number of pods.
    #[schemars(range(min = 0, max = 512))]
    pub replicas: u32,
    /// The image of these pods; absent means `spec.image`.
    ///
    /// Example: `quay.io/ccx/ccx:0.1.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = image)]
    pub image: Option<String>,
    /// Requests and limits of a pod.
    pub resources: Resources,
    /// Exposure of the API and of the page outside the cluster; with `spec.ingress` that of uploads and gathering rules, too.
    pub exposure: Exposure,
    /// Whether the menu of OpenShift's console has a link to the page.
    pub console_link: ConsoleLink,
    /// Authentication of callers, also of those that upload.
    pub authentication: CallerAuthentication,
    /// Login of people on the page, at the OIDC provider of `authentication.oidc`. Absent means that the page has no login of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<PageLogin>,
    /// The random text of 32 characters or more that protects the forms and sessions of the page. Absent means that the operator
    /// generates one, in the Secret `NAME-page`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_secret_ref: Option<PageSecretRef>,
    /// Age of the latest report after which a cluster is shown as stale.
    #[schemars(transform = duration_between("1m", "8760h"))]
    pub stale_after: GoDuration,
    /// The account management API of OpenShift Cluster Manager, for the names and states of clusters. Absent means that they come
    /// from the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_management: Option<AccountManagement>,
    /// URL of the service that predicts the risks of upgrades. Absent means that there are no predictions.
    ///
    /// Example: `http://upgrade-risks.ccx.svc:8000`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = http_url)]
    pub upgrade_risks_url: Option<String>,
    /// Prefix of the metrics' names.
    #[schemars(transform = metrics_namespace)]
    pub metrics_namespace: String,
}

/// Whether the menu of OpenShift's console has a link to the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ConsoleLink {
    /// If the cluster has that console, and the page is exposed by HTTPS.
    #[default]
    Auto,
    /// Never.
    Disabled,
}

/// The account management API of OpenShift Cluster Manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountManagement {
    /// Base URL.
    ///
    /// Example: `https://api.openshift.com`.
    #[schemars(transform = http_url)]
    pub url: String,
    /// URL of the tokens for the client credentials; absent means that of Red Hat.
    ///
    /// Example: `https://sso.redhat.com/auth/realms/redhat-external/protocol/openid-connect/token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = http_url)]
    pub token_url: Option<String>,
    /// The id and the secret of the client.
    pub credentials_secret_ref: CredentialsSecretRef,
    /// The authorities that sign the servers' certificates; absent means the public ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_secret_ref: Option<CaSecretRef>,
}

impl PublicApi {
    fn rules() -> Vec<Rule> {
        vec![
            rule(
                "self.exposure.type == 'ClusterIP' || !self.authentication.trustIdentityHeader || \
                 self.exposure.identity == 'Gateway'",
                "set exposure.identity to Gateway if one sets or removes x-rh-identity: otherwise anyone could send the header",
            )
            .field_path(".authentication.trustIdentityHeader"),
            rule(
                "self.exposure.type == 'ClusterIP' || !has(self.authentication.anonymousOrganization)",
                "remove authentication.anonymousOrganization: through this exposure anyone could read and change its data",
            )
            .field_path(".authentication.anonymousOrganization"),
            only_when(
                "login",
                "has(self.authentication.oidc)",
                "set authentication.oidc: it names the provider at which people log in",
            ),
            required(
                "!has(self.login) || has(self.login.url) || (self.exposure.type != 'ClusterIP' && has(self.exposure.host))",
                "set login.url to the address of the page in browsers, or expose it with a host",
            )
            .field_path(".login"),
        ]
    }
}

impl Default for PublicApi {
    fn default() -> Self {
        Self {
            replicas: 2,
            image: None,
            resources: Resources::new("100m", "128Mi", "512Mi"),
            exposure: Exposure::default(),
            console_link: ConsoleLink::default(),
            authentication: CallerAuthentication::default(),
            login: None,
            page_secret_ref: None,
            stale_after: GoDuration::from_hours(24),
            account_management: None,
            upgrade_risks_url: None,
            metrics_namespace: "insights_results_smart_proxy".into(),
        }
    }
}
