// Sends the form that carries an authorization response; without scripts its button does.
document.getElementById("form").submit();
