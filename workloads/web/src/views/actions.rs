//! Changes that users make by forms. Each ends with a redirect, so that loading the page again does not repeat it.

use axum::{
    extract::{FromRequest, Path, Request, State},
    http::HeaderMap,
    response::{IntoResponse as _, Redirect, Response},
};
use ccx_messages::{ClusterId, RuleSelector};
use serde::Deserialize;
use url::form_urlencoded;

use super::{rule_in_path, rule_in_query};
use crate::{
    BASE,
    error_page::{ErrorPage, Kind},
    frame::Section,
    page::Page,
    query::Query,
    source::Change,
    visit::{NOTICE, Visit},
};

/// The limit of a reason, in characters.
const MAX_REASON: usize = 1000;

/// The limit of a cluster's name, in characters.
const MAX_NAME: usize = 256;

/// A form whose token is valid.
pub(crate) struct Form {
    visit: Visit,
    fields: Query,
}

impl FromRequest<Page> for Form {
    type Rejection = Response;

    async fn from_request(request: Request, page: &Page) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visit =
            <Visit as axum::extract::FromRequestParts<Page>>::from_request_parts(&mut parts, page).await?;
        let expired = || visit.error(Kind::Expired).into_response();
        if is_from_another_site(&parts.headers) {
            return Err(expired());
        }
        let body = String::from_request(Request::from_parts(parts, body), page).await;
        let fields = Query::parse(Some(&body.map_err(|_| visit.error(Kind::Invalid).into_response())?));
        let token = fields.value("csrf").unwrap_or_default();
        if !page.form_key.is_valid(token, &visit.caller, visit.now) {
            return Err(expired());
        }
        Ok(Self { visit, fields })
    }
}

/// Browsers say where a request comes from.
pub(super) fn is_from_another_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none")
}

impl Form {
    /// Returns an error page for the sender of the form.
    pub(crate) fn error(&self, kind: Kind) -> ErrorPage {
        self.visit.error(kind)
    }

    fn reason(&self) -> String {
        self.fields.value("reason").unwrap_or_default().chars().take(MAX_REASON).collect()
    }

    fn vote(&self) -> Result<i8, ErrorPage> {
        match self.fields.value("vote") {
            Some("1") => Ok(1),
            Some("-1") => Ok(-1),
            Some("0") => Ok(0),
            _ => Err(self.visit.error(Kind::Invalid)),
        }
    }

    fn parse<T: std::str::FromStr>(&self, text: &str) -> Result<T, ErrorPage> {
        text.parse().map_err(|_| self.visit.error(Kind::NotFound))
    }

    /// Makes the change, and leads to the page that the form came from, or to `path`.
    async fn apply(
        &self,
        page: &Page,
        change: Change,
        path: String,
        done: &str,
    ) -> Result<Response, ErrorPage> {
        page.source
            .apply(&self.visit.caller, &change)
            .await
            .map_err(|error| self.visit.error((&error).into()))?;
        let back = self.fields.value("back").filter(|back| is_own(back)).map_or(path, str::to_owned);
        let separator = if back.contains('?') { '&' } else { '?' };
        let done = form_urlencoded::byte_serialize(done.as_bytes()).collect::<String>();
        Ok(Redirect::to(&format!("{back}{separator}{NOTICE}={done}")).into_response())
    }
}

/// Returns whether a link leads to this page, so that a form can't send a user elsewhere.
pub(crate) fn is_own(link: &str) -> bool {
    let rest = link.strip_prefix(BASE);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        && link.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[derive(Deserialize)]
pub(crate) struct ClusterRule {
    cluster: String,
    rule: String,
}

/// Disables a recommendation for a cluster.
pub(crate) async fn disable_for_cluster(
    State(page): State<Page>,
    Path(path): Path<ClusterRule>,
    form: Form,
) -> Result<Response, ErrorPage> {
    let (cluster, rule): (ClusterId, RuleSelector) = (form.parse(&path.cluster)?, form.parse(&path.rule)?);
    let back = format!("{}/{cluster}", Section::Clusters.href());
    let change = Change::Disable { rule, cluster: Some(cluster), reason: form.reason() };
    form.apply(&page, change, back, "disabled").await
}

/// Enables a recommendation for a cluster.
pub(crate) async fn enable_for_cluster(
    State(page): State<Page>,
    Path(path): Path<ClusterRule>,
    form: Form,
) -> Result<Response, ErrorPage> {
    let (cluster, rule): (ClusterId, RuleSelector) = (form.parse(&path.cluster)?, form.parse(&path.rule)?);
    let back = format!("{}/{cluster}?first={}", Section::Clusters.href(), rule_in_query(&rule));
    form.apply(&page, Change::Enable { rule, cluster: Some(cluster) }, back, "enabled").await
}

/// Names a cluster.
pub(crate) async fn name_cluster(
    State(page): State<Page>,
    Path(cluster): Path<String>,
    form: Form,
) -> Result<Response, ErrorPage> {
    let cluster: ClusterId = form.parse(&cluster)?;
    let name = form.fields.value("name").unwrap_or_default();
    let name = name.chars().filter(|character| !character.is_control()).take(MAX_NAME).collect();
    let back = format!("{}/{cluster}", Section::Clusters.href());
    form.apply(&page, Change::Name { cluster, name }, back, "named").await
}

/// Disables a recommendation for all clusters.
pub(crate) async fn disable(
    State(page): State<Page>,
    Path(rule): Path<String>,
    form: Form,
) -> Result<Response, ErrorPage> {
    let rule = form.parse(&rule)?;
    let back = path_of(&rule);
    form.apply(&page, Change::Disable { rule, cluster: None, reason: form.reason() }, back, "disabled").await
}

/// Enables a recommendation for all clusters.
pub(crate) async fn enable(
    State(page): State<Page>,
    Path(rule): Path<String>,
    form: Form,
) -> Result<Response, ErrorPage> {
    let rule = form.parse(&rule)?;
    let back = path_of(&rule);
    form.apply(&page, Change::Enable { rule, cluster: None }, back, "enabled").await
}

/// Rates a recommendation in general.
pub(crate) async fn vote(
    State(page): State<Page>,
    Path(rule): Path<String>,
    form: Form,
) -> Result<Response, ErrorPage> {
    let (rule, vote) = (form.parse(&rule)?, form.vote()?);
    let back = path_of(&rule);
    form.apply(&page, Change::Vote { rule, cluster: None, vote }, back, "voted").await
}

/// Rates a recommendation for a cluster.
pub(crate) async fn vote_for_cluster(
    State(page): State<Page>,
    Path(path): Path<ClusterRule>,
    form: Form,
) -> Result<Response, ErrorPage> {
    let (cluster, rule): (ClusterId, RuleSelector) = (form.parse(&path.cluster)?, form.parse(&path.rule)?);
    let vote = form.vote()?;
    let back = format!("{}/{cluster}?first={}", Section::Clusters.href(), rule_in_query(&rule));
    form.apply(&page, Change::Vote { rule, cluster: Some(cluster), vote }, back, "voted").await
}

fn path_of(rule: &RuleSelector) -> String {
    format!("{}/{}", Section::Recommendations.href(), rule_in_path(rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirect_stays_on_the_page() {
        assert!(is_own("/openshift/insights/advisor") && is_own("/openshift/insights/advisor/clusters?a=b"));
        for link in
            ["https://example.com", "//example.com", "/openshift/insights/advisor.example.com", "/other", ""]
        {
            assert!(!is_own(link), "{link}");
        }
        assert!(
            !is_own("/openshift/insights/advisor/\r\nset-cookie: a")
                && !is_own("/openshift/insights/advisor/\\")
        );
    }
}
