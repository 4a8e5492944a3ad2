//! A stack in a cloud of its own, driven as Terraform drives it: refresh, validate, plan, apply, and again.
//!
//! What goes wrong is a [`Fault`]: a cell of the table that does not hold.

use serde_json::{Value as Json, json};
use terraform_provider_mlops::provider::Mlops;
use tfplugin::testing::{TestAction, TestObject, TestProvider};
use tfplugin::value::json as terraform_json;
use tfplugin::{Diagnostics, Severity};

use crate::cloud::{Cloud, STACK};
use crate::driver::{difference, line, readable};
use crate::snapshot::{Field, Snapshot};

/// What kind of promise was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Broken {
    /// The sample is not valid, or validation refuses what it should take.
    Validate,
    /// A plan is refused.
    Plan,
    /// An apply fails.
    Apply,
    /// A refresh fails.
    Refresh,
    /// An import fails.
    Import,
    /// A change that must be refused by the plan is not.
    NotRefused,
    /// A refresh after an apply reads something else than the apply has recorded.
    OtherAfterRefresh,
    /// The plan after an apply or an import is not empty.
    PlanNotEmpty,
    /// A refresh or an empty plan writes.
    Writes,
    /// Nothing is different in the cloud.
    NoEffect,
    /// A field that nobody asked for is different in the cloud.
    Unseen,
    /// The cloud is not again what the configuration says.
    NotHealed,
    /// The value is not in the state.
    NotRead,
    /// A handler panics, or breaks a rule of Terraform.
    Panic,
}

impl Broken {
    /// As `known.txt` writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Validate => "validate",
            Self::Plan => "plan",
            Self::Apply => "apply",
            Self::Refresh => "refresh",
            Self::Import => "import",
            Self::NotRefused => "not-refused",
            Self::OtherAfterRefresh => "other-after-refresh",
            Self::PlanNotEmpty => "plan-not-empty",
            Self::Writes => "writes",
            Self::NoEffect => "no-effect",
            Self::Unseen => "unseen",
            Self::NotHealed => "not-healed",
            Self::NotRead => "not-read",
            Self::Panic => "panic",
        }
    }
}

/// A promise that was not kept, and how.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) broken: Broken,
    pub(crate) detail: String,
}

impl Fault {
    pub(crate) fn of_panic(panic: &(dyn std::any::Any + Send)) -> Self {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Self { broken: Broken::Panic, detail: text.unwrap_or_default().replace('\n', " ") }
    }
}

pub(crate) fn fault<T>(broken: Broken, detail: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { broken, detail: detail.into() })
}

/// The errors among diagnostics, in one line.
pub(crate) fn errors(diagnostics: &Diagnostics) -> String {
    let errors = diagnostics.iter().filter(|one| one.severity == Severity::Error);
    errors.map(line).collect::<Vec<_>>().join(" | ")
}

/// What somebody else has changed in a cloud.
pub(crate) struct Change {
    pub(crate) before: Snapshot,
    pub(crate) fields: Vec<Field>,
}

/// A stack and its cloud.
pub(crate) struct Stage {
    pub(crate) cloud: Cloud,
    provider: TestProvider<Mlops>,
    /// What Terraform knows of the stack.
    pub(crate) object: Option<TestObject>,
    /// Whether the last apply wrote.
    pub(crate) has_written: bool,
}

impl Stage {
    /// A cloud with nothing in it but what samples need.
    pub(crate) async fn empty() -> Self {
        let cloud = Cloud::empty().await;
        let provider = cloud.provider().await;
        Self { cloud, provider, object: None, has_written: false }
    }

    /// A cloud with a stack that is settled.
    pub(crate) async fn with(config: &Json) -> Result<Self, Fault> {
        let mut stage = Self::empty().await;
        stage.converge(config).await?;
        Ok(stage)
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.cloud)
    }

    /// The state, as JSON.
    pub(crate) fn state(&self) -> Json {
        self.object.as_ref().map(|object| terraform_json::to_json(&object.state).unwrap()).unwrap_or_default()
    }

    async fn expect_valid(&self, config: &Json) -> Result<(), Fault> {
        let problems = self.provider.validate(STACK, config).await;
        if problems.has_error() { fault(Broken::Validate, errors(&problems)) } else { Ok(()) }
    }

    /// Validates and plans. The error is the provider's refusal.
    pub(crate) async fn plan(&self, config: &Json) -> Result<TestAction, Fault> {
        self.expect_valid(config).await?;
        match self.provider.plan(STACK, self.object.as_ref(), config).await {
            Ok(plan) => Ok(plan.action),
            Err(problems) => fault(Broken::Plan, errors(&problems)),
        }
    }

    /// Plans and applies, and holds that nothing is left to do.
    pub(crate) async fn converge(&mut self, config: &Json) -> Result<TestAction, Fault> {
        self.expect_valid(config).await?;
        let plan = match self.provider.plan(STACK, self.object.as_ref(), config).await {
            Ok(plan) => plan,
            Err(problems) => return fault(Broken::Plan, errors(&problems)),
        };
        let action = plan.action;
        self.cloud.forget_calls();
        let (object, problems) = self.provider.apply(plan).await;
        self.object = object;
        self.has_written = !self.cloud.writes().is_empty();
        if problems.has_error() {
            return fault(Broken::Apply, errors(&problems));
        }
        self.settled(config).await?;
        Ok(action)
    }

    /// Holds that a refresh finds what is recorded, and that there is nothing to do.
    pub(crate) async fn settled(&mut self, config: &Json) -> Result<(), Fault> {
        self.cloud.forget_calls();
        let mut before = self.state();
        self.refresh().await?;
        let after = self.state();
        // What the apply has deleted stands in the state until it is read again.
        if let Some(state) = before.as_object_mut() {
            state.insert("deletes".to_owned(), json!([]));
        }
        if before != after {
            return fault(Broken::OtherAfterRefresh, difference(&before, &after));
        }
        self.expect_empty(config).await
    }

    /// Holds that there is nothing to do for a configuration that was found valid.
    async fn expect_empty(&self, config: &Json) -> Result<(), Fault> {
        match self.provider.plan(STACK, self.object.as_ref(), config).await {
            Err(problems) => fault(Broken::Plan, errors(&problems)),
            Ok(plan) if plan.action != TestAction::NoOp => {
                let planned = readable(&plan.planned);
                fault(Broken::PlanNotEmpty, difference(&self.state(), &planned))
            }
            Ok(_) => match self.cloud.writes() {
                writes if writes.is_empty() => Ok(()),
                writes => fault(Broken::Writes, writes.join(", ")),
            },
        }
    }

    pub(crate) async fn refresh(&mut self) -> Result<(), Fault> {
        let Some(object) = &self.object else { return Ok(()) };
        self.object = match self.provider.read(object).await {
            Ok(object) => object,
            Err(problems) => return fault(Broken::Refresh, errors(&problems)),
        };
        Ok(())
    }

    /// Imports the stack into a fresh state. Nothing is written, and with the configuration that is generated for it the
    /// plan is empty.
    pub(crate) async fn import(self, kind: Option<&str>, selectors: &str) -> Result<Json, Fault> {
        let provider = self.cloud.provider().await;
        self.cloud.forget_calls();
        let id = Cloud::import_id(kind, selectors);
        let object = match provider.import(STACK, &id).await {
            Ok((Some(object), _)) => object,
            Ok((None, _)) => return fault(Broken::Import, "nothing was found"),
            Err(problems) => return fault(Broken::Import, errors(&problems)),
        };
        let generated = match provider.generate_config(&object).await {
            Ok(generated) => readable(&generated),
            Err(problems) => return fault(Broken::Import, errors(&problems)),
        };
        let imported = Self { provider, object: Some(object), ..self };
        imported.expect_valid(&generated).await?;
        imported.expect_empty(&generated).await?;
        Ok(imported.state())
    }
}
