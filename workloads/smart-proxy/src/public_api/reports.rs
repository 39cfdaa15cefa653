//! A cluster's report, joined with texts.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use ccx_auth::Caller;
use ccx_config::Escaping;
use ccx_content::{Content, escape_markdown};
use ccx_messages::{ClusterId, OrgId, RuleSelector};
use ccx_storage::{
    feedback::DisabledBy,
    read::{StoredHit, StoredReport},
};
use serde_json::Value;

use super::PublicApi;
use crate::{
    directory::ListedCluster,
    error::ApiError,
    model::{ExtraData, Report, ReportInfo, ReportMeta, RuleHit},
    snapshot::{Acknowledged, Facts, selector},
    texts::{Texts, Visible, is_for_managed_clusters, is_internal, publish_date, render, total_risk},
};

/// The end of a component's name.
const SUFFIX: &str = ".report";

/// The parts of a report that a client asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ReportOptions {
    /// Whether disabled rules are part of the report.
    pub include_disabled: bool,
    /// Whether texts are rendered with the data of the hit; otherwise most are the templates, for clients that render them.
    pub rendered: bool,
    /// How data is inserted into rendered texts.
    pub escaping: Escaping,
    /// Whether only rules for clusters that the vendor manages are part, even if the cluster is not known to be one.
    pub for_managed: bool,
}

impl PublicApi {
    /// Returns the latest report of a cluster.
    pub async fn cluster_report(
        &self,
        caller: &Caller,
        cluster_id: ClusterId,
        options: ReportOptions,
    ) -> Result<Report, ApiError> {
        let user = caller.user_id_or_zero();
        let (stored, facts) =
            tokio::join!(self.database.report(caller.org_id, cluster_id, user), self.facts(caller.org_id));
        let (stored, facts) = (stored?.ok_or_else(|| not_found(caller, cluster_id))?, facts?);
        let reported_name = stored.reported_name.as_deref();
        let cluster = self.directory.describe(caller.org_id, cluster_id, &facts, reported_name).await;
        let authors = if options.include_disabled {
            self.authors(caller.org_id, cluster_id, &stored.hits).await?
        } else {
            Authors::default()
        };
        let is_managed = cluster.managed || options.for_managed;
        let join = Join { is_managed, texts: self.texts(caller), facts, cluster, authors, options };
        // Hundreds of templates may be rendered: too long for a thread that other requests wait for.
        if options.rendered {
            let joined = tokio::task::spawn_blocking(move || join.report(stored));
            return joined.await.map_or_else(|error| std::panic::resume_unwind(error.into_panic()), Ok);
        }
        Ok(join.report(stored))
    }

    /// Returns one rule that hit a cluster.
    pub async fn cluster_rule(
        &self,
        caller: &Caller,
        cluster_id: ClusterId,
        rule: &RuleSelector,
        options: ReportOptions,
    ) -> Result<RuleHit, ApiError> {
        let user = caller.user_id_or_zero();
        let stored = self.database.rule_hit(caller.org_id, cluster_id, user, rule).await?;
        let item = || format!("{}/{cluster_id}/{rule}", caller.org_id);
        let stored = stored.ok_or_else(|| ApiError::NotFound { item: item() })?;
        let facts = self.facts(caller.org_id).await?;
        let cluster = self.directory.describe(caller.org_id, cluster_id, &facts, None).await;
        let authors = self.authors(caller.org_id, cluster_id, std::slice::from_ref(&stored)).await?;
        let texts = self.texts(caller);
        match texts.find(rule) {
            Visible::Texts(content)
                if (cluster.managed || options.for_managed) && !is_for_managed_clusters(content) =>
            {
                Err(ApiError::NoRule)
            }
            Visible::Texts(content) => Ok(rule_hit(stored, content, None, &authors, options)),
            Visible::NoTexts => Err(ApiError::NoRule),
            Visible::Hidden => Err(ApiError::InternalRule),
        }
    }

    /// Returns who has disabled rules for a cluster, if one of its hits is disabled.
    async fn authors(
        &self,
        org_id: OrgId,
        cluster_id: ClusterId,
        hits: &[StoredHit],
    ) -> Result<Authors, ApiError> {
        if !hits.iter().any(|hit| hit.is_disabled) {
            return Ok(Authors::default());
        }
        let stored = self.database.disabled_by_of_cluster(org_id, cluster_id).await?;
        let keyed = stored.into_iter().filter_map(|by| Some((selector(&by.rule_id, &by.error_key)?, by)));
        Ok(Authors(keyed.collect()))
    }

    /// Returns the size and the times of the latest report of a cluster.
    pub async fn report_info(&self, caller: &Caller, cluster_id: ClusterId) -> Result<ReportInfo, ApiError> {
        let stored = self.database.report_info(caller.org_id, cluster_id).await?;
        let stored = stored.ok_or_else(|| not_found(caller, cluster_id))?;
        Ok(ReportInfo {
            count: stored.hit_count,
            last_checked_at: stored.last_checked_at,
            stored_at: stored.reported_at,
        })
    }
}

/// Returns the error about a cluster without a report in the organisation.
pub(super) fn not_found(caller: &Caller, cluster_id: ClusterId) -> ApiError {
    ApiError::NotFound { item: format!("{}/{cluster_id}", caller.org_id) }
}

/// The join of a stored report with everything else.
struct Join {
    texts: Texts,
    facts: Arc<Facts>,
    cluster: ListedCluster,
    authors: Authors,
    is_managed: bool,
    options: ReportOptions,
}

impl Join {
    fn report(&self, stored: StoredReport) -> Report {
        let (last_checked_at, gathered_at) = (stored.last_checked_at, stored.gathered_at);
        let (mut data, mut without_texts, mut disabled) = (Vec::new(), 0, 0);
        let mut seen = HashSet::new();
        // Clients fail on two entries about one rule and key, which databases of the originals may have: with `.report`, as all
        // current ones are stored, and without.
        let (current, older): (Vec<_>, Vec<_>) =
            stored.hits.into_iter().partition(|hit| hit.component.ends_with(SUFFIX));
        for hit in current.into_iter().chain(older) {
            let Some(selector) = selector(&hit.component, &hit.error_key) else {
                without_texts += 1;
                continue;
            };
            let acknowledged = self.facts.acknowledged(&selector);
            if !self.options.include_disabled && (hit.is_disabled || acknowledged.is_some()) {
                disabled += 1;
                continue;
            }
            match self.texts.find(&selector) {
                Visible::NoTexts => without_texts += 1,
                Visible::Texts(content) if self.is_managed && !is_for_managed_clusters(content) => {}
                Visible::Texts(content) if seen.insert(selector) => {
                    data.push(rule_hit(hit, content, acknowledged, &self.authors, self.options));
                }
                Visible::Texts(_) | Visible::Hidden => {}
            }
        }
        let has_only_hits_without_texts = data.is_empty() && disabled == 0;
        let count = if has_only_hits_without_texts { 0 } else { data.len() + without_texts };
        let (cluster_name, managed) = (self.cluster.display_name.clone(), self.cluster.managed);
        let meta = ReportMeta { cluster_name, managed, count, last_checked_at, gathered_at };
        Report { meta, data }
    }
}

/// The users who have disabled rules for a cluster.
#[derive(Default)]
struct Authors(HashMap<RuleSelector, DisabledBy>);

impl Authors {
    /// Returns the user who disabled a hit's rule; a row of another time is about an earlier decision.
    fn author(&self, hit: &StoredHit, rule: &RuleSelector) -> Option<&str> {
        let author = self.0.get(rule).filter(|author| Some(author.disabled_at) == hit.disabled_at);
        author.map(|author| author.disabled_by.as_str())
    }
}

/// Joins a hit with its texts. A rule that is disabled for the cluster says so; else the organisation's decision is shown, if any.
fn rule_hit(
    stored: StoredHit,
    content: &Content,
    acknowledged: Option<&Acknowledged>,
    authors: &Authors,
    options: ReportOptions,
) -> RuleHit {
    let by_all = acknowledged.filter(|_| !stored.is_disabled);
    let disabled_by = match by_all {
        Some(acknowledged) => Some(acknowledged.created_by.as_str()),
        None if stored.is_disabled => authors.author(&stored, &content.selector),
        None => None,
    };
    let disabled_by = disabled_by.unwrap_or_default().to_owned();
    let (extra_data, has_changed) = ExtraData::from_stored(&stored.template_data, &stored.error_key);
    // Templates are written for the data as the rule wrote it: a client could not render them with other data.
    let data: Option<Value> = (options.rendered || has_changed)
        .then(|| serde_json::from_str(&stored.template_data).unwrap_or_default());
    let data = match options.escaping {
        Escaping::None => data,
        Escaping::Markdown => data.as_ref().map(escape_markdown),
    };
    let text = |text: &ccx_content::Text| {
        data.as_ref().map_or_else(|| text.source().to_owned(), |data| render(text, data))
    };
    RuleHit {
        created_at: publish_date(content),
        description: text(&content.description),
        details: text(&content.texts.generic),
        reason: text(&content.texts.reason),
        resolution: text(&content.texts.resolution),
        more_info: text(&content.texts.more_info),
        total_risk: total_risk(content),
        disabled: stored.is_disabled || acknowledged.is_some(),
        disable_feedback: by_all.map_or(stored.disable_feedback, |by_all| by_all.justification.clone()),
        disabled_at: by_all.map_or(stored.disabled_at, |by_all| Some(by_all.created_at)),
        disabled_by,
        internal: is_internal(content),
        user_vote: stored.user_vote,
        extra_data,
        tags: content.tags.clone(),
        impacted: stored.created_at,
        rule_id: content.selector.rule.component(),
    }
}
