//! Where a request came from, and how far that is from another.

use serde::{Deserialize, Serialize};

/// Farther than this, in kilometres, two people are not in one room, even where addresses are
/// located badly.
const FAR: u32 = 300;

/// Where a request came from, as well as the network knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Two letters (ISO 3166-1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Region or state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// City.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Who runs the network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_operator: Option<String>,
    /// Degrees north and east, as text, to be stored as they came.
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

/// How the place of a device compares with the place of the person who is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The distance in kilometres, where both places are known.
    pub kilometres: Option<u32>,
    /// More than [`FAR`] apart, or in two countries where the distance is not known.
    pub far: bool,
    /// On networks of two operators.
    pub other_network: bool,
}

/// Compares two places.
pub fn compare(device: &Location, person: &Location) -> Comparison {
    let differ = |one: &Option<String>, other: &Option<String>| matches!((one, other), (Some(one), Some(other)) if one != other);
    let kilometres = kilometres(device, person);
    Comparison {
        kilometres,
        far: kilometres.map_or(differ(&device.country, &person.country), |km| km > FAR),
        other_network: differ(&device.network_operator, &person.network_operator),
    }
}

/// Great-circle distance (haversine), in whole kilometres.
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
