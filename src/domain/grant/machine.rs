//! The machine: its commands, its alarm and the migration of earlier versions.

use super::{
    Decide, Expect, Grant, GrantState, Inspect, LookUp, Poll, Redeem, Refresh, Request, Revoke,
    SpendDeviceCode, Wake, earlier,
};
use crate::domain::machine::{Class, Machine, NoRow, Nothing, Receive, commands};
use crate::domain::notice::to_grant::{End, EndExpected, Narrow, NarrowExpected, Report};
use crate::domain::time::Timestamp;

impl Machine for Grant {
    const CLASS: Class = Class::Grant;
    /// Version 2 stores the authorization code. Earlier, the code contained the authorization, sealed.
    const VERSION: u32 = 2;
    type State = GrantState;
    type Row = NoRow;
    type Wants = Nothing;

    commands![
        Expect,
        Redeem,
        Request,
        LookUp,
        Decide,
        Poll,
        SpendDeviceCode,
        Refresh,
        Inspect,
        Revoke,
        Narrow,
        NarrowExpected,
        End,
        EndExpected,
        Report,
        Wake,
        earlier::Expect,
        earlier::Redeem,
        earlier::ReportRedemption,
    ];

    fn wakes_at(state: &GrantState) -> Option<Timestamp> {
        match state {
            GrantState::Device(device) => Some(device.forgotten_at()),
            GrantState::Ended { until } => Some(*until),
            GrantState::Live(live) => live.wakes_at,
            GrantState::Code(_) => None,
        }
    }

    fn wake<R: Receive<Self>>(receiver: R) -> Option<R::Output> {
        Some(receiver.receive(Wake))
    }

    fn migrate(_: u32, state: serde_json::Value) -> Option<GrantState> {
        earlier::migrate(state)
    }
}
