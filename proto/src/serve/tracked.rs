//! The provider's service on tasks that are counted: a client that goes away does not cut a call in two, and the
//! process does not end under a call that is at work.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio_util::task::TaskTracker;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::server::NamedService;

/// A service, each call of which is a task of `running`.
#[derive(Clone, Debug)]
pub(super) struct Tracked<S> {
    inner: S,
    running: TaskTracker,
}

impl<S> Tracked<S> {
    /// `inner`, with its calls counted by `running`.
    pub(super) fn new(inner: S, running: TaskTracker) -> Self {
        Self { inner, running }
    }
}

impl<S: NamedService> NamedService for Tracked<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<http::Request<Body>> for Tracked<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let work = self.running.spawn(self.inner.call(request));
        Box::pin(async move {
            work.await.unwrap_or_else(|error| {
                tracing::error!(%error, "a call broke down");
                Ok(Status::internal("the provider broke down in this call").into_http())
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::poll;
    use tokio::sync::oneshot;

    use super::*;

    /// Answers when it is told to.
    struct Slow(Option<oneshot::Receiver<()>>);

    impl Service<http::Request<Body>> for Slow {
        type Response = http::Response<Body>;
        type Error = Infallible;
        type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: http::Request<Body>) -> Self::Future {
            let told = self.0.take();
            Box::pin(async move {
                if let Some(told) = told {
                    told.await.unwrap();
                }
                Ok(http::Response::new(Body::empty()))
            })
        }
    }

    #[tokio::test]
    async fn a_call_whose_client_is_gone_runs_to_its_end() {
        let (tell, told) = oneshot::channel();
        let running = TaskTracker::new();
        let mut service = Tracked::new(Slow(Some(told)), running.clone());
        drop(service.call(http::Request::new(Body::empty())));
        running.close();
        let mut end = pin!(running.wait());
        assert!(poll!(&mut end).is_pending());
        tell.send(()).unwrap();
        end.await;
    }
}
