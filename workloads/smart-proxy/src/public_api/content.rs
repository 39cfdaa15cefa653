//! The texts of rules, apart from any cluster.

use ccx_auth::Caller;
use ccx_content::Group;
use ccx_messages::RuleFqdn;

use super::PublicApi;
use crate::{
    error::ApiError,
    model::{ContentForm, RuleContent},
};

impl PublicApi {
    /// Returns the categories that users filter by.
    pub fn groups(&self, caller: &Caller) -> Vec<Group> {
        self.texts(caller).groups().to_vec()
    }

    /// Lists the modules of all rules with texts, sorted.
    pub fn rule_ids(&self, caller: &Caller) -> Vec<String> {
        let texts = self.texts(caller);
        let mut ids: Vec<String> = texts.all().map(|content| content.selector.rule.to_string()).collect();
        ids.dedup();
        ids
    }

    /// Returns the texts of all rules, sorted.
    pub fn all_content(&self, caller: &Caller, form: ContentForm) -> Vec<RuleContent> {
        RuleContent::all(&self.texts(caller), form)
    }

    /// Returns the texts of a rule.
    pub fn rule_content(
        &self,
        caller: &Caller,
        rule: &RuleFqdn,
        form: ContentForm,
    ) -> Result<RuleContent, ApiError> {
        let texts = self.texts(caller);
        let keys = texts.for_rule(rule).ok_or(ApiError::InternalRule)?;
        RuleContent::new(&keys, form).ok_or_else(|| ApiError::NotFound { item: rule.to_string() })
    }
}
