//! Enumerations.

use tfplugin::value::ScalarRules;
use tfplugin::{Choice, Dynamic, Scalar};

/// The default spelling.
#[derive(Clone, Copy, Debug, PartialEq, Choice)]
enum Combiner {
    And,
    AndWithMatchingResource,
}

/// Another case, and one exception.
#[derive(Clone, Copy, Debug, PartialEq, Choice)]
#[tf(rename = "snake_case")]
enum Access {
    /// Anybody.
    PublicRead,
    #[tf(name = "no-one")]
    Nobody,
}

/// In any case.
#[derive(Clone, Copy, Debug, PartialEq, Choice)]
#[tf(ignore_case)]
enum Location {
    Us,
    Eu,
}

#[test]
fn a_variant_is_spelt_in_screaming_snake_case() {
    assert_eq!(Combiner::AndWithMatchingResource.spelling(), "AND_WITH_MATCHING_RESOURCE");
    assert_eq!(Combiner::parse("AND".into()), Ok(Combiner::And));
}

#[test]
fn case_and_single_names_can_be_chosen() {
    assert_eq!(Access::choices(), ["public_read", "no-one"]);
    assert_eq!(Access::PublicRead.to_string(), "public_read");
    assert_eq!("no-one".parse(), Ok(Access::Nobody));
}

#[test]
fn a_wrong_word_is_answered_with_the_choices_and_the_nearest() {
    let error = Combiner::parse("and".into()).unwrap_err().to_string();
    assert_eq!(error, "It must be one of AND, AND_WITH_MATCHING_RESOURCE. Did you mean AND?");
}

#[test]
fn case_is_ignored_where_it_is_said_and_the_spellings_are_equal() {
    assert_eq!(Location::parse("us".into()), Ok(Location::Us));
    let rules = ScalarRules::of::<Location>();
    assert!((rules.equal)(&Dynamic::string("eu"), &Dynamic::string("EU")));
    assert!(!(rules.equal)(&Dynamic::string("eu"), &Dynamic::string("US")));
}

#[test]
fn variants_without_a_comment_leave_a_gap_in_the_descriptions() {
    assert_eq!(Access::choice_descriptions(), ["Anybody.", ""]);
    assert!(Combiner::choice_descriptions().is_empty());
}
