//! The pages beside the documents, which tell people of the whole store.

use mlops_phases::Rollout;

use super::{Archive, LoadError};
use crate::checkpoint::store::{Content, Precondition, StoreError};
use crate::google::api::CallContext;

/// What pages are served as.
const MARKDOWN: &str = "text/markdown; charset=utf-8";

#[derive(PartialEq)]
enum Written {
    Done,
    /// The page was removed. Who made a phase meanwhile may have found the page as it should be, and left it.
    LookAgain,
}

impl Archive {
    /// Writes the pages that `render` makes of the whole rollout, beside the documents. A page that says the same already
    /// is not written; with no phases left the pages are removed. `render` names the same pages for every rollout.
    ///
    /// # Errors
    /// [`LoadError`]. The documents are written by then; the next change of any phase writes the pages again.
    pub async fn publish(
        &self,
        ctx: &CallContext,
        render: impl Fn(&Rollout) -> Vec<(&'static str, String)>,
    ) -> Result<(), LoadError> {
        for (name, _) in render(&Rollout::default()) {
            while !self.publish_page(ctx, name, &render).await? {}
        }
        Ok(())
    }

    /// Brings one page up to date; false when it has to be looked at once more.
    async fn publish_page(
        &self,
        ctx: &CallContext,
        name: &'static str,
        render: impl Fn(&Rollout) -> Vec<(&'static str, String)>,
    ) -> Result<bool, LoadError> {
        // The page is read before the documents. Who writes it in between has seen documents as new as these, or newer,
        // and the condition keeps their page.
        let found = self.store.read(ctx, name).await?;
        let rollout = self.rollout(ctx).await?;
        let text = render(&rollout).into_iter().find_map(|(page, text)| (page == name).then_some(text));
        let written = match (found, text.filter(|_| !rollout.phases().is_empty())) {
            (None, None) => return Ok(true),
            (Some(Content { version, .. }), None) => {
                self.store.delete(ctx, name, &version).await.map(|()| Written::LookAgain)
            }
            (Some(found), Some(text)) if found.bytes == text.as_bytes() => return Ok(true),
            (found, Some(text)) => {
                let condition = found.map_or(Precondition::Absent, |found| Precondition::Matches(found.version));
                self.store.write(ctx, name, text, MARKDOWN, &condition).await.map(|_| Written::Done)
            }
        };
        match written {
            Ok(written) => Ok(written == Written::Done),
            Err(StoreError::Conflict { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
