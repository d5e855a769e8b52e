//! Other servers, in memory: URLs and their responses.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use async_trait::async_trait;
use futures_lite::future::block_on;
use vestibule::domain::http::{HttpError, HttpRequest, HttpResponse};
use vestibule::ports::Http;

use super::fuse::Fuse;

/// The response of a URL.
pub type Answer = Box<dyn Fn(&HttpRequest) -> Result<HttpResponse, HttpError>>;

/// Every URL that responds, and the requests.
#[derive(Default)]
pub struct Internet {
    fuse: Rc<Fuse>,
    answers: RefCell<BTreeMap<String, Answer>>,
    pub asked: RefCell<Vec<HttpRequest>>,
}

pub fn json(body: &str) -> Result<HttpResponse, HttpError> {
    let content_type = "application/json".to_owned();
    Ok(HttpResponse { status: 200, content_type, body: body.to_owned() })
}

impl Internet {
    pub fn new(fuse: Rc<Fuse>) -> Self {
        Self { fuse, ..Self::default() }
    }

    /// Sets the response of a URL.
    pub fn on(
        &self,
        url: &str,
        answer: impl Fn(&HttpRequest) -> Result<HttpResponse, HttpError> + 'static,
    ) {
        self.answers.borrow_mut().insert(url.to_owned(), Box::new(answer));
    }

    /// How often a URL was requested.
    pub fn count(&self, url: &str) -> usize {
        self.asked.borrow().iter().filter(|request| request.url == url).count()
    }

    pub fn ask(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        block_on(self.send(request))
    }
}

#[async_trait(?Send)]
impl Http for Internet {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.fuse.survive().await;
        self.asked.borrow_mut().push(request.clone());
        let answered = match self.answers.borrow().get(&request.url) {
            Some(answer) => answer(&request),
            None => Err(HttpError::Unreachable),
        };
        self.fuse.survive().await;
        answered
    }
}
