<?php
/**
 * What the plugin is told: constants of wp-config.php, else what was entered on its page.
 *
 * @package Slugline
 */

namespace Slugline;

const OPTION    = 'slugline';
const CONSTANTS = array(
	'hook_url'    => 'SLUGLINE_HOOK_URL',
	'hook_secret' => 'SLUGLINE_HOOK_SECRET',
	'api_url'     => 'SLUGLINE_API_URL',
	'api_token'   => 'SLUGLINE_API_TOKEN',
);
const SECRETS   = array( 'hook_secret', 'api_token' );

function is_fixed( string $name ): bool {
	return isset( CONSTANTS[ $name ] ) && defined( CONSTANTS[ $name ] );
}

function setting( string $name ): string {
	if ( is_fixed( $name ) ) {
		return trim( (string) constant( CONSTANTS[ $name ] ) );
	}
	$stored = get_option( OPTION, array() );
	return is_array( $stored ) && isset( $stored[ $name ] ) ? (string) $stored[ $name ] : '';
}

function shows_link(): bool {
	return '0' !== setting( 'show_link' );
}

/** The signing key's bytes; null where the secret is not the base64 of at least 16. */
function key_of( string $secret ): ?string {
	$key = base64_decode( preg_replace( '/^whsec_/', '', trim( $secret ) ), true );
	return is_string( $key ) && strlen( $key ) >= 16 ? $key : null;
}

/**
 * Takes what was entered. An empty secret keeps the one there is: it is never printed, so it cannot come back.
 *
 * @param mixed $entered As it came from the form.
 */
function sanitize( $entered ): array {
	$entered = is_array( $entered ) ? $entered : array();
	$stored  = get_option( OPTION, array() );
	$stored  = is_array( $stored ) ? $stored : array();
	$kept    = array( 'show_link' => empty( $entered['show_link'] ) ? '0' : '1' );
	foreach ( array( 'hook_url', 'api_url' ) as $name ) {
		$url = isset( $entered[ $name ] ) && is_string( $entered[ $name ] ) ? trim( $entered[ $name ] ) : '';
		// A field that a constant hides is not sent: what was entered before stays for when the constant goes.
		$kept[ $name ] = is_fixed( $name ) ? ( $stored[ $name ] ?? '' ) : esc_url_raw( $url, array( 'https', 'http' ) );
	}
	foreach ( SECRETS as $name ) {
		$value         = isset( $entered[ $name ] ) && is_string( $entered[ $name ] ) ? trim( $entered[ $name ] ) : '';
		$kept[ $name ] = '' === $value ? ( $stored[ $name ] ?? '' ) : $value;
	}
	if ( '' !== $kept['hook_secret'] && null === key_of( $kept['hook_secret'] ) ) {
		add_settings_error( OPTION, 'secret', __( 'The secret is not one of Slugline: it is base64, such as openssl rand -base64 32 makes it. The one before was kept.', 'slugline' ) );
		$kept['hook_secret'] = $stored['hook_secret'] ?? '';
	}
	return $kept;
}
