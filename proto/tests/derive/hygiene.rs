//! The expansion stands on its own, whatever the user's names are.

#[allow(dead_code)]
mod names_of_the_prelude_are_taken {
    struct Option;
    struct Some;
    struct None;
    struct String;
    struct Vec;
    struct Result;
    struct Box;
    mod std {}
    mod core {}

    /// Fields called as the expansion's own variables could be.
    #[derive(tfplugin::Object)]
    pub(crate) struct Taken {
        /// A value.
        #[tf(default = attribute())]
        pub value: tfplugin::Value<i64>,
        /// A path.
        #[tf(optional)]
        pub path: tfplugin::Value<bool>,
        /// Diagnostics.
        #[tf(computed)]
        pub diagnostics: tfplugin::Value<Kind>,
    }

    fn attribute() -> i64 {
        1
    }

    /// Words.
    #[derive(PartialEq, tfplugin::Choice)]
    pub(crate) enum Kind {
        None,
        Some,
    }
}

#[test]
fn a_doc_comment_may_be_a_file() {
    #[doc = include_str!("included.md")]
    #[derive(tfplugin::Object)]
    struct Documented {
        #[doc = "In two"]
        #[doc = "lines."]
        #[tf(optional)]
        #[allow(dead_code)]
        field: tfplugin::Value<bool>,
    }
    let schema = <Documented as tfplugin::Object>::schema();
    assert_eq!(schema.description, include_str!("included.md"));
    assert_eq!(schema.attributes[0].description, "In two lines.");
}
