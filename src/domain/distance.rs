//! The location of a request, and the distance between two locations.

use serde::{Deserialize, Serialize};

/// Two people farther apart than this, in kilometres, are not in one room, even if the addresses are located badly.
const FAR: u32 = 300;

/// The location of a request, as far as the network reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The country: two letters (ISO 3166-1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Region or state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// City.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// The operator of the network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_operator: Option<String>,
    /// Latitude and longitude in degrees, kept as the text that was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<(String, String)>,
}

impl Location {
    /// City, region and country, as far as they are known.
    pub fn place(&self) -> Option<String> {
        let mut parts: Vec<&str> = Vec::new();
        for part in [&self.city, &self.region, &self.country].into_iter().flatten() {
            if !parts.contains(&part.as_str()) {
                parts.push(part);
            }
        }
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// How the location of a device compares with that of the user who is asked to approve it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The distance in kilometres, if both locations are known.
    pub kilometres: Option<u32>,
    /// Whether they are more than [`FAR`] apart or, if the distance is unknown, in two countries.
    pub far: bool,
    /// Whether they are on networks of different operators.
    pub other_network: bool,
}

/// Compares the location of a device with that of a user.
pub fn compare(device: &Location, person: &Location) -> Comparison {
    let differ = |one: &Option<String>, other: &Option<String>| matches!((one, other), (Some(one), Some(other)) if one != other);
    let kilometres = kilometres(device, person);
    Comparison {
        kilometres,
        far: kilometres.map_or(differ(&device.country, &person.country), |km| km > FAR),
        other_network: differ(&device.network_operator, &person.network_operator),
    }
}

/// The great-circle distance (haversine formula), in whole kilometres.
fn kilometres(one: &Location, other: &Location) -> Option<u32> {
    let radians = |location: &Location| {
        let (latitude, longitude) = location.coordinates.as_ref()?;
        let read = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite());
        Some((read(latitude)?.to_radians(), read(longitude)?.to_radians()))
    };
    let ((latitude_1, longitude_1), (latitude_2, longitude_2)) = (radians(one)?, radians(other)?);
    let half_square = |difference: f64| (difference / 2.0).sin().powi(2);
    let chord = half_square(latitude_2 - latitude_1)
        + latitude_1.cos() * latitude_2.cos() * half_square(longitude_2 - longitude_1);
    let distance = 2.0 * 6371.0 * chord.clamp(0.0, 1.0).sqrt().asin();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 20,016")]
    Some(distance.round() as u32)
}
