//! Everything that the page says, in one place: another language is another constant of [`Texts`].

/// A text that depends on a number, which replaces `{}`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plural {
    one: &'static str,
    other: &'static str,
}

impl Plural {
    /// Returns the text for a number.
    pub(crate) fn format(&self, number: impl Into<u64>) -> String {
        let number = number.into();
        let text = if number == 1 { self.one } else { self.other };
        text.replace("{}", &with_separators(number))
    }
}

/// Returns a number with separators between thousands.
pub(crate) fn with_separators(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

macro_rules! texts {
    (texts { $($name:ident: $text:literal,)* } plurals { $($plural:ident: $one:literal | $other:literal,)* }) => {
        /// The texts of the page in one language.
        #[derive(Debug)]
        #[allow(missing_docs, reason = "a name says where a text is used, and the text what it says")]
        pub(crate) struct Texts {
            $(pub(crate) $name: &'static str,)*
            $(pub(crate) $plural: Plural,)*
        }

        /// English, the only language so far.
        pub(crate) const EN: Texts = Texts {
            $($name: $text,)*
            $($plural: Plural { one: $one, other: $other },)*
        };
    };
}

texts! {
    texts {
        language: "en",
        product: "Advisor",
        skip_to_content: "Skip to content",
        main_navigation: "Main",
        breadcrumb: "Breadcrumb",
        theme: "Theme",
        theme_light: "Light",
        theme_dark: "Dark",
        theme_system: "System",
        log_in: "Log in",
        log_in_again: "Log in again",
        log_out: "Log out",
        logged_in_as: "Logged in as",

        clusters: "Clusters",
        cluster: "Cluster",
        recommendations: "Recommendations",
        recommendation: "Recommendation",
        workloads: "Workloads",
        namespace: "Namespace",
        name: "Name",
        version: "Version",
        last_seen: "Last seen",
        last_report: "Last report",
        first_seen: "First seen",
        gathered: "Data gathered",
        objects: "Objects",
        affected_clusters: "Clusters",
        modified: "Modified",
        category: "Category",
        total_risk: "Total risk",
        risk_of_change: "Risk of change",
        likelihood: "Likelihood",
        impact: "Impact",
        status: "Status",
        unknown: "Unknown",
        never: "Never",
        cluster_id: "Cluster ID",

        low: "Low",
        moderate: "Moderate",
        important: "Important",
        critical: "Critical",
        service_availability: "Service availability",
        performance: "Performance",
        fault_tolerance: "Fault tolerance",
        security: "Security",
        best_practice: "Best practices",

        filter_by_name: "Filter by name or ID",
        filter_by_description: "Filter by description",
        filter_by_namespace: "Filter by namespace or cluster",
        apply: "Apply",
        clear_filters: "Clear all filters",
        remove_filter: "Remove filter",
        search_term: "Text",
        enabled: "Enabled",
        disabled: "Disabled",
        all: "All",
        affecting: "Clusters affected",
        clusters_affected: "affected",
        affecting_your_clusters: "affecting your clusters",
        affecting_some: "1 or more",
        affecting_none: "None",
        show_disabled: "Disabled too",
        severity: "Severity",

        pages: "Pages",
        first_page: "First page",
        previous_page: "Previous page",
        next_page: "Next page",
        last_page: "Last page",
        per_page: "Per page",
        of: "of",

        new: "New",
        stale: "Stale",
        recent: "Recent",
        stale_title: "The newest report is old",
        stale_text: "A cluster usually sends a report every two hours. What is shown here may have changed since then.",
        healthy: "No issues",
        no_report: "No report yet",

        health: "Health",
        timeline: "Timeline",
        timeline_text: "A bar reaches from the first report with a recommendation to the newest one.",
        timeline_past: "Outlined bars ended: the recommendation no longer applies.",
        changes: "Changes as a list",
        appeared: "Appeared",
        vanished: "No longer applies",
        since: "since",
        until: "until",
        detected: "Detected issue",
        steps: "Steps to resolve",
        more_info: "More information",
        evidence: "Evidence",
        evidence_text: "The values in the cluster's archive that this recommendation is based on.",
        evidence_none: "The rule recorded no values.",
        export: "Export as HTML",
        print: "Print",
        copy: "Copy",
        copied: "Copied",
        expand_all: "Expand all",
        collapse_all: "Collapse all",

        disable: "Disable",
        disable_for_cluster: "Disable for this cluster",
        disable_for_all: "Disable for all clusters",
        enable: "Enable",
        enable_for_cluster: "Enable for this cluster",
        enable_for_all: "Enable for all clusters",
        reason: "Reason",
        reason_hint: "Optional: others who look at this cluster see it",
        reason_none: "No reason given",
        disabled_by: "Disabled by",
        disabled_since: "Disabled",
        disabled_everywhere: "This recommendation is disabled for all clusters",
        affected_by_it: "Affected clusters",
        disabled_for: "Disabled for these clusters",
        actions: "Actions",
        helpful: "Is this recommendation helpful?",
        vote_up: "Yes, it is helpful",
        vote_down: "No, it is not helpful",

        notice_disabled: "The recommendation is disabled",
        notice_enabled: "The recommendation is enabled",
        rename: "Rename",
        rename_hint: "Everyone in your organization sees this name. Leave it empty to go back to the name from before.",
        save: "Save",
        notice_named: "The cluster has a new name",
        notice_voted: "Thank you for your feedback",

        no_clusters_title: "No clusters yet",
        no_clusters_text: "A cluster appears here when its first report has been processed. Its insights operator sends an archive every two hours.",
        no_report_title: "No report yet",
        no_report_text: "This cluster has not sent an archive that could be analysed. Its insights operator sends one every two hours.",
        healthy_title: "No recommendations",
        healthy_text: "No known issue was found in the newest report of this cluster.",
        all_healthy_title: "No recommendation affects your clusters",
        all_healthy_text: "No known issue was found in the newest reports.",
        no_recommendations_title: "No recommendations available",
        no_recommendations_text: "The service has no rule content, so there is nothing to recommend. Its administrator can check the content directory.",
        no_workloads_title: "No workload recommendations",
        no_workloads_text: "No namespace has a finding. Workloads are checked by the deployment validation operator, if it is installed in a cluster.",
        filtered_title: "No match",
        filtered_text: "Nothing matches these filters.",
        no_affected_clusters: "No cluster is affected.",
        not_found_title: "Not found",
        not_found_text: "This page does not exist, or it belongs to another organisation.",
        forbidden_title: "No access",
        forbidden_text: "You are not allowed to see this page. Ask the administrator of the service for access.",
        login_title: "Please log in",
        login_text: "This page is only shown to users that are logged in.",
        invalid_credentials_title: "Your login is not valid here",
        invalid_credentials_text: "The token that your browser or its proxy sent is expired, or is meant for another service. Reload the page; if that does not help, log out and in again.",
        login_expired_title: "The login took too long",
        login_expired_text: "A login has to be finished within 15 minutes, in the browser in which it was begun. Nothing is wrong with your account: just log in again.",
        login_denied_title: "You are not logged in",
        login_denied_text: "The login was cancelled, or your account may not use this page. Ask the administrator of the login service for access.",
        login_failed_title: "The login did not work",
        login_failed_text: "The login service gave an answer that this page cannot accept. The administrator finds the reason in the log; usually the client, its secret or its redirect URI is not set up correctly.",
        login_unavailable_title: "The login service does not answer",
        login_unavailable_text: "You cannot be logged in at the moment. Try again in a minute.",
        no_organization_title: "Your account has no organization",
        no_organization_text: "You are logged in, but your account does not say which organization you belong to. Ask the administrator of the login service to add it to your account.",
        logged_out_title: "You are logged out",
        logged_out_text: "Close the browser if others use it too.",
        continue_to_logout: "Continue",
        fault_title: "Something went wrong",
        fault_text: "This page has a fault. It is logged; nothing was changed. Try again, or go to another page.",
        unavailable_title: "Temporarily unavailable",
        unavailable_text: "The data cannot be read at the moment. Nothing is lost; please try again in a minute.",
        expired_title: "The form has expired",
        expired_text: "Nothing was changed. Go back, reload the page, and try again.",
        invalid_title: "The request was not understood",
        invalid_text: "Nothing was changed. Go back and try again.",
        back_to_clusters: "All clusters",
        try_again: "Try again",

        uploads: "Uploads",
        upload_title: "Drop archives here, or choose them",
        upload_text: "Archives of an insights operator: .tar.gz, .tar or .zip. They stay on this machine.",
        upload_action: "Upload",
        upload_progress: "Upload",
        upload_failed: "The upload failed. Is ccx local still running?",
        archive: "Archive",
        size: "Size",
        result: "Result",
        received: "Received",
        receiving: "Uploading",
        processing: "Processing",
        processed: "Processed",
        failed: "Failed",
        no_uploads_title: "No uploads yet",
        no_uploads_text: "Archives that you drop onto this page are listed here with their progress.",

        exported: "Exported",
        just_now: "just now",
        in_the_future: "in the future",
    }
    plurals {
        cluster_count: "{} cluster" | "{} clusters",
        recommendation_count: "{} recommendation" | "{} recommendations",
        namespace_count: "{} namespace" | "{} namespaces",
        object_count: "{} object" | "{} objects",
        minutes_ago: "{} minute ago" | "{} minutes ago",
        hours_ago: "{} hour ago" | "{} hours ago",
        days_ago: "{} day ago" | "{} days ago",
        months_ago: "{} month ago" | "{} months ago",
        years_ago: "{} year ago" | "{} years ago",
        timeline_omitted: "{} more is in the list of changes." | "{} more are in the list of changes.",
        more_objects: "and {} more" | "and {} more",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Removes what is between two marks, as many times as they occur.
    fn without(text: &str, open: &str, close: &str) -> String {
        let mut parts = text.split(open);
        let first = parts.next().unwrap_or_default().to_owned();
        let rest = parts.map(|part| part.split_once(close).map_or(part, |(_, rest)| rest));
        std::iter::once(first.as_str()).chain(rest).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn templates_have_no_text_of_their_own() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        assert!(files.len() > 10, "{files:?}");
        for file in files {
            let template = std::fs::read_to_string(&file).unwrap();
            let text = without(&without(&template, "{%", "%}"), "{{", "}}");
            let text = without(&text, "<", ">");
            let words: String = text.chars().filter(|character| character.is_alphanumeric()).collect();
            // Zero is the same in every language that this page has numbers of.
            assert!(words.trim_matches('0').is_empty(), "{}: {words}", file.display());
        }
    }

    #[test]
    fn plural_depends_on_the_number() {
        assert_eq!(EN.cluster_count.format(1_u32), "1 cluster");
        assert_eq!(EN.cluster_count.format(0_u32), "0 clusters");
        assert_eq!(EN.cluster_count.format(12_345_u32), "12,345 clusters");
    }
}
