//! How Google Cloud writes things: members and roles of IAM, names, regions, labels.

use std::sync::LazyLock;

use regex::Regex;

use super::{iam, names};
use crate::engine::grants::Policies;
use crate::engine::place::Place;
use crate::engine::terms::{LabelWords, Terms};
use crate::types::{Location, check_label_key, check_label_value, check_member};

/// Prefix of labels that Google's own products set.
const CLOUD_LABEL: &str = "goog-";

/// Google Cloud's terms.
pub struct GoogleTerms;

impl Terms for GoogleTerms {
    fn resource(&self) -> &'static str {
        "mlops_stack"
    }

    fn labels(&self) -> LabelWords {
        LabelWords { noun: "label", effective: "effective_labels" }
    }

    fn account_noun(&self) -> &'static str {
        "project"
    }

    fn import_example(&self) -> &'static str {
        "my-project/europe-west1/ct-scan"
    }

    fn stack_id(&self, place: &Place, stack: &str) -> String {
        format!("projects/{}/locations/{}/stacks/{stack}", place.account, place.region)
    }

    fn canonical_name(&self, name: &str, place: &Place) -> Option<String> {
        names::own_name(name, place)
    }

    fn spellings(&self, name: &str, place: &Place) -> Vec<String> {
        names::with_number(name, place).into_iter().collect()
    }

    fn region_of(&self, location: &str) -> Option<String> {
        let location: Location = location.parse().ok()?;
        location.is_region().then(|| location.to_wire())
    }

    fn is_cloud_label(&self, key: &str) -> bool {
        key.starts_with(CLOUD_LABEL)
    }

    fn refuse_label(&self, key: &str, value: &str) -> Option<String> {
        if let Err(reason) = check_label_key(key) {
            return Some(format!("{key:?} cannot be a label's key: {reason}."));
        }
        let reason = check_label_value(value).err()?;
        Some(format!("{value:?} cannot be the value of the label {key:?}: {reason}."))
    }

    fn canonical_member(&self, member: &str) -> String {
        iam::canonical_member(member)
    }

    fn member(&self, address: &str) -> String {
        format!("serviceAccount:{address}")
    }

    fn is_key_member(&self, member: &str) -> bool {
        !member.contains(':') && !iam::is_everybody(member)
    }

    fn is_key_role(&self, role: &str) -> bool {
        !role.contains('/')
    }

    fn refuse_member(&self, member: &str) -> Option<String> {
        Some(check_member(member).err()?.to_string())
    }

    fn refuse_account_member(&self, member: &str) -> Option<String> {
        if member.starts_with(iam::DELETED) {
            return Some(
                "its account was deleted, and IAM takes no new grants for it: write the account that is to have it"
                    .to_owned(),
            );
        }
        if iam::is_everybody(member) {
            return Some(
                "a project cannot be opened to everybody: grant it in the iam of a bucket, a service or a topic"
                    .to_owned(),
            );
        }
        self.refuse_member(member)
    }

    fn refuse_role(&self, role: &str) -> Option<String> {
        static ROLE: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r"^((projects|organizations)/[^/\s]+/)?roles/[A-Za-z0-9_.]+$").ok());
        let is_role = ROLE.as_ref().is_none_or(|rule| rule.is_match(role));
        let advice = "Write it in full, such as \"roles/storage.objectViewer\", or \"projects/PROJECT/roles/NAME\" for one of \
             your own.";
        (!is_role).then(|| advice.to_owned())
    }

    fn member_examples(&self) -> &'static str {
        "\"user:jane@example.com\", \"group:ops@example.com\" or \"serviceAccount:api@my-project.iam.gserviceaccount.com\""
    }

    fn is_made_by_cloud(&self, role: &str, member: &str, _: &Place) -> bool {
        iam::is_google_made(role, member)
    }

    fn is_account_made_by_cloud(&self, role: &str, member: &str, _: &Place) -> bool {
        iam::is_google_made(role, member) || iam::comes_with_project(role, member)
    }

    fn comes_with_object(&self, role: &str, member: &str) -> bool {
        iam::comes_with_object(role, member)
    }

    fn named_by_member<'m>(&self, member: &'m str) -> Option<&'m str> {
        if let Some(email) = member.strip_prefix("serviceAccount:") {
            return Some(email);
        }
        let (_, path) = member.split_once("://iam.googleapis.com/")?;
        let end = path.match_indices('/').nth(5).map_or(path.len(), |(end, _)| end);
        Some(&path[..end])
    }

    fn account_policies(&self) -> &dyn Policies {
        &iam::ProjectPolicies
    }

    fn account_name(&self, place: &Place) -> String {
        format!("//cloudresourcemanager.googleapis.com/projects/{}", place.account)
    }

    fn shared_names(&self) -> &'static str {
        "such names are shared by all of Google Cloud"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legacy_role_of_somebody_is_a_grant_like_any_other() {
        let place = Place { account: "p".to_owned(), number: None, region: "europe-west1".to_owned() };
        let role = "roles/storage.legacyBucketReader";
        let made = |member: &str| {
            (GoogleTerms.is_made_by_cloud(role, member, &place), GoogleTerms.comes_with_object(role, member))
        };
        assert_eq!(made("projectViewer:p"), (true, true));
        assert_eq!(made("serviceAccount:fuse@other.iam.gserviceaccount.com"), (false, false));
        assert_eq!(made("serviceAccount:service-1@gcp-sa-pubsub.iam.gserviceaccount.com"), (true, false));
    }

    #[test]
    fn googles_own_accounts_are_told_from_those_that_look_like_them() {
        let place = Place { account: "p".to_owned(), number: None, region: "europe-west1".to_owned() };
        let made = |email: &str| {
            GoogleTerms.is_made_by_cloud("roles/storage.objectViewer", &format!("serviceAccount:{email}"), &place)
        };
        for email in [
            "service-1@gcp-sa-aiplatform.iam.gserviceaccount.com",
            "service-1@compute-system.iam.gserviceaccount.com",
            "service-1@gae-api-prod.google.com.iam.gserviceaccount.com",
            "12@cloudservices.gserviceaccount.com",
            "cloud-logs@system.gserviceaccount.com",
        ] {
            assert!(made(email), "{email}");
        }
        for email in [
            "service-mesh@team.iam.gserviceaccount.com",
            "service-1@team.iam.gserviceaccount.com",
            "trainer@team-system.iam.gserviceaccount.com",
            "p1-abc@gcp-sa-cloud-sql.iam.gserviceaccount.com",
            "service-1@gcp-sa-pubsub.example.com",
            "trainer@cloudservices.gserviceaccount.com",
            "12@cloudbuild.gserviceaccount.com",
            "12-compute@developer.gserviceaccount.com",
        ] {
            assert!(!made(email), "{email}");
        }
    }

    #[test]
    fn a_role_is_a_path_or_a_key() {
        for role in ["roles/owner", "roles/run.admin", "projects/p/roles/deployer", "organizations/1/roles/deployer"] {
            assert_eq!((GoogleTerms.refuse_role(role), GoogleTerms.is_key_role(role)), (None, false), "{role}");
        }
        assert!(GoogleTerms.is_key_role("run.admin"));
        assert!(GoogleTerms.refuse_role("role/run.admin").is_some());
    }

    #[test]
    fn a_project_is_opened_to_nobody_in_particular() {
        for member in ["allUsers", "allAuthenticatedUsers", "deleted:user:a@example.com?uid=1", "user:a"] {
            assert!(GoogleTerms.refuse_account_member(member).is_some(), "{member}");
        }
        assert_eq!(GoogleTerms.refuse_account_member("group:ml@example.com"), None);
    }

    #[test]
    fn default_accounts_are_editors_without_being_asked() {
        let place = Place { account: "p".to_owned(), number: None, region: "europe-west1".to_owned() };
        let made = |role: &str, email: &str| {
            GoogleTerms.is_account_made_by_cloud(role, &format!("serviceAccount:{email}"), &place)
        };
        assert!(made("roles/editor", "12-compute@developer.gserviceaccount.com"));
        assert!(made("roles/cloudbuild.builds.builder", "12@cloudbuild.gserviceaccount.com"));
        assert!(!made("roles/run.admin", "12-compute@developer.gserviceaccount.com"));
        assert!(!made("roles/editor", "12@cloudbuild.gserviceaccount.com"));
    }

    #[test]
    fn members_name_accounts_and_pools() {
        let pool = "projects/12/locations/global/workloadIdentityPools/github";
        let principal = format!("principalSet://iam.googleapis.com/{pool}/attribute.repository/a/b");
        for (member, name) in [
            ("serviceAccount:a@p.iam.gserviceaccount.com", Some("a@p.iam.gserviceaccount.com")),
            (principal.as_str(), Some(pool)),
            ("allUsers", None),
            ("user:a@example.com", None),
        ] {
            assert_eq!(GoogleTerms.named_by_member(member), name, "{member}");
        }
    }
}
