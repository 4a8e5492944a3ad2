//! How AWS writes things: accounts, regions, ARNs, tags.

use std::sync::LazyLock;

use async_trait::async_trait;
use regex::Regex;

use super::api::endpoint::partition;
use super::tags;
use crate::engine::error::CallError;
use crate::engine::grants::{Grants, Policies, Policy};
use crate::engine::place::Place;
use crate::engine::run::Run;
use crate::engine::terms::{LabelWords, Terms};

/// AWS's terms.
pub struct AwsTerms;

/// Whether a text has the form of a region: `eu-west-1`, `us-gov-east-1`.
pub fn is_region(text: &str) -> bool {
    static REGION: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[a-z]{2,}(-[a-z]+)+-\d+$").ok());
    REGION.as_ref().is_none_or(|rule| rule.is_match(text))
}

/// Whether a text has the form of an ARN.
pub fn is_arn(text: &str) -> bool {
    text.starts_with("arn:") && text.split(':').count() >= 6
}

/// The attribute with all tags of an object that are the stack's concern.
pub const EFFECTIVE_TAGS: &str = "effective_tags";

/// Whether a text has the form of an account's number.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// An ARN after its pattern, in which `{partition}`, `{region}`, `{account}` and `{name}` stand for what differs.
pub fn arn(pattern: &str, place: &Place, name: &str) -> String {
    pattern
        .replace("{partition}", partition(&place.region))
        .replace("{region}", &place.region)
        .replace("{account}", &place.account)
        .replace("{name}", name)
}

impl Terms for AwsTerms {
    fn resource(&self) -> &'static str {
        "mlops_aws_stack"
    }

    fn labels(&self) -> LabelWords {
        LabelWords { noun: "tag", effective: EFFECTIVE_TAGS }
    }

    fn account_noun(&self) -> &'static str {
        "account"
    }

    fn account_is_shared(&self) -> bool {
        true
    }

    fn import_example(&self) -> &'static str {
        "123456789012/eu-west-1/ct-scan"
    }

    fn stack_id(&self, place: &Place, stack: &str) -> String {
        format!("{}/{}/{stack}", place.account, place.region)
    }

    fn canonical_name(&self, _: &str, _: &Place) -> Option<String> {
        None
    }

    fn spellings(&self, _: &str, _: &Place) -> Vec<String> {
        Vec::new()
    }

    fn region_of(&self, location: &str) -> Option<String> {
        is_region(location).then(|| location.to_owned())
    }

    fn is_cloud_label(&self, key: &str) -> bool {
        key.starts_with("aws:")
    }

    fn refuse_label(&self, key: &str, value: &str) -> Option<String> {
        tags::refusal(key, value)
    }

    fn canonical_member(&self, member: &str) -> String {
        member.to_owned()
    }

    fn member(&self, address: &str) -> String {
        address.to_owned()
    }

    fn is_key_member(&self, member: &str) -> bool {
        !member.contains(':')
    }

    fn is_key_role(&self, _: &str) -> bool {
        false
    }

    fn refuse_member(&self, _: &str) -> Option<String> {
        None
    }

    fn refuse_role(&self, _: &str) -> Option<String> {
        None
    }

    fn member_examples(&self) -> &'static str {
        "\"arn:aws:iam::123456789012:role/api\""
    }

    fn is_made_by_cloud(&self, _: &str, _: &str, _: &Place) -> bool {
        false
    }

    fn named_by_member<'m>(&self, _: &'m str) -> Option<&'m str> {
        None
    }

    fn account_policies(&self) -> &dyn Policies {
        &NoPolicies
    }

    fn account_name(&self, place: &Place) -> String {
        format!("arn:{}:iam::{}:root", partition(&place.region), place.account)
    }

    fn shared_names(&self) -> &'static str {
        "such names are shared by all of AWS"
    }
}

/// An account of AWS has no policy that grants roles to members.
struct NoPolicies;

#[async_trait]
impl Policies for NoPolicies {
    async fn read(&self, _: &Run, _: &str) -> Result<Policy, CallError> {
        Ok(Policy::default())
    }

    async fn change(&self, _: &Run, _: &str, _: &Grants, _: &Grants) -> Result<(), CallError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_in_the_partition_of_its_region() {
        let place =
            |region: &str| Place { account: "123456789012".to_owned(), number: None, region: region.to_owned() };
        let pattern = "arn:{partition}:sqs:{region}:{account}:{name}";
        assert_eq!(arn(pattern, &place("eu-west-1"), "q"), "arn:aws:sqs:eu-west-1:123456789012:q");
        assert_eq!(arn(pattern, &place("cn-north-1"), "q"), "arn:aws-cn:sqs:cn-north-1:123456789012:q");
    }

    #[test]
    fn regions_and_accounts_are_told_from_what_looks_like_them() {
        for (text, expected) in
            [("eu-west-1", true), ("us-gov-east-1", true), ("europe-west1", false), ("eu-west-1a", false)]
        {
            assert_eq!(is_region(text), expected, "{text}");
        }
        assert_eq!(
            (is_account("123456789012"), is_account("12345678901"), is_account("my-project12")),
            (true, false, false)
        );
    }
}
