//! What an endpoint gets to work with: settings, ports, and the issuer of this request.

use super::failure::Failure;
use super::http::Request;
use super::settings::Settings;
use crate::domain::client::{self, Client};
use crate::domain::entropy;
use crate::domain::event::{Event, EventId};
use crate::domain::machine::{Address, Command};
use crate::domain::registration::{self, RegistrationError};
use crate::domain::throttle::{GiveBack, Guess, Keep, Limit, Spend, Throttle};
use crate::domain::time::{Seconds, Timestamp};
use crate::ports::{self, Ports};
use crate::tenant::{ObjectName, Purpose, Tries};

/// Passed to every endpoint.
pub struct Server<'a> {
    /// The deployment's settings.
    pub settings: &'a Settings,
    /// The interfaces to the outside.
    pub ports: Ports<'a>,
    /// The issuer: the configured one, or else the origin of the request.
    pub issuer: String,
}

impl Server<'_> {
    /// The current time.
    pub fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// `N` random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        entropy::bytes(self.ports.entropy)
    }

    /// Logs an event that no object decides. It isn't stored.
    pub fn log_event(&self, event: Event) {
        let now = self.now();
        let id = EventId::new((now.0, u64::from_be_bytes(self.random())), 0);
        if let Ok(line) = event.recorded(id, now, None).to_json() {
            self.ports.log.event(&line);
        }
    }

    /// The network that a request came from, for rate limits.
    pub fn network_of(&self, request: &Request<'_>) -> String {
        request.client_network(&self.settings.client_address)
    }

    /// The name of the throttle that counts the passwords from a request's network.
    pub fn password_throttle(&self, request: &Request<'_>) -> ObjectName {
        ObjectName::throttle(Tries::SignIn(&self.network_of(request)))
    }

    /// A URL of this server.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// Sends a command to a machine.
    pub fn ask<C: Command>(
        &self,
        to: &Address,
        command: C,
    ) -> impl Future<Output = ports::SendResult<C>> {
        ports::send(&self.ports, to, command, Seconds(0))
    }

    /// Sends a command to a machine that may delay its response by up to `hold`, such as a held device poll.
    pub async fn wait<C: Command>(
        &self,
        to: &Address,
        command: C,
        hold: Seconds,
    ) -> ports::SendResult<C> {
        ports::send(&self.ports, to, command, hold).await
    }

    /// Finds a client by its ID: in the registry, else in the client's own record if it registered at run time, because
    /// the registry may lag by a minute.
    pub async fn client(&self, client_id: &str) -> Result<Option<Client>, Failure> {
        if client_id.len() > 200 {
            return Ok(None);
        }
        if let Some(client) = self.ports.clients.find(client_id).await? {
            return Ok(Some(client));
        }
        self.registered_client(client_id).await
    }

    /// Reads the client's own record, which shows recent changes at once. Other places may lag by a minute.
    pub async fn registered_client(&self, client_id: &str) -> Result<Option<Client>, Failure> {
        if !client::is_generated_id(client_id) {
            return Ok(None);
        }
        let address = Address::Name(ObjectName::client(client_id));
        match self.ask(&address, registration::Read).await? {
            Ok(client) => Ok(Some(*client)),
            Err(RegistrationError::NotRegistered) => Ok(None),
        }
    }

    /// Seals a value.
    pub fn seal(&self, purpose: Purpose<'_>, plain: &[u8]) -> Result<String, Failure> {
        let sealed = self.settings.sealer.seal(purpose, plain, self.random());
        sealed.map_err(Failure::caused_by)
    }

    /// Spends a try; returns false if none is left.
    pub async fn spend(&self, name: &ObjectName, limit: Limit) -> Result<bool, Failure> {
        Ok(self.throttle(name, Spend(limit)).await?.is_ok())
    }

    /// Spends a try for a guess whose result isn't known yet; returns false if none is left.
    pub async fn guess(&self, name: &ObjectName, limit: Limit) -> Result<bool, Failure> {
        Ok(self.throttle(name, Guess(limit)).await?.is_ok())
    }

    /// Returns the try of a right guess, or keeps that of a wrong one.
    pub async fn guessed(
        &self,
        name: &ObjectName,
        limit: Limit,
        right: bool,
    ) -> Result<(), Failure> {
        let Ok(()) = match right {
            true => self.throttle(name, GiveBack(limit)).await?,
            false => self.throttle(name, Keep(limit)).await?,
        };
        Ok(())
    }

    async fn throttle<C: Command<Machine = Throttle>>(
        &self,
        name: &ObjectName,
        command: C,
    ) -> Result<Result<C::Reply, C::Error>, Failure> {
        Ok(self.ask(&Address::Name(name.clone()), command).await?)
    }
}
