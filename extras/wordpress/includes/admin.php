<?php
/**
 * The plugin's page under Settings, and the notice of what could not be told.
 *
 * @package Slugline
 */

namespace Slugline;

function add_page(): void {
	add_options_page( 'Slugline', 'Slugline', 'manage_options', 'slugline', __NAMESPACE__ . '\\show_page' );
}

function register(): void {
	register_setting(
		'slugline',
		OPTION,
		array(
			'type'              => 'array',
			'sanitize_callback' => __NAMESPACE__ . '\\sanitize',
			'show_in_rest'      => false,
		)
	);
}

function show_page(): void {
	if ( ! current_user_can( 'manage_options' ) ) {
		return;
	}
	$fields = array(
		'hook_url'    => array( __( 'Hook address', 'slugline' ), __( 'For example https://slugline.example.org/hooks/cms', 'slugline' ) ),
		'hook_secret' => array( __( 'Hook secret', 'slugline' ), __( 'The secret of this hook in Slugline.', 'slugline' ) ),
		'api_url'     => array( __( 'Slugline address', 'slugline' ), __( 'For short links, such as https://slugline.example.org; empty for none.', 'slugline' ) ),
		'api_token'   => array( __( 'API token', 'slugline' ), __( 'A token that may make links.', 'slugline' ) ),
	);
	echo '<div class="wrap"><h1>Slugline</h1><form method="post" action="options.php">';
	settings_fields( 'slugline' );
	echo '<table class="form-table" role="presentation">';
	foreach ( $fields as $name => $about ) {
		echo '<tr><th scope="row"><label for="slugline-' . esc_attr( $name ) . '">' . esc_html( $about[0] ) . '</label></th><td>';
		show_field( $name, $about[1] );
		echo '</td></tr>';
	}
	echo '<tr><th scope="row">' . esc_html__( 'Short link', 'slugline' ) . '</th><td><label>';
	echo '<input type="checkbox" name="slugline[show_link]" value="1"' . checked( shows_link(), true, false ) . '> ';
	echo esc_html__( 'Show it below each story', 'slugline' ) . '</label></td></tr></table>';
	submit_button();
	echo '</form></div>';
}

/** A secret is never printed, not even to who entered it. */
function show_field( string $name, string $about ): void {
	if ( is_fixed( $name ) ) {
		/* translators: %s: name of a constant */
		echo '<p>' . esc_html( sprintf( __( 'Set by %s in wp-config.php.', 'slugline' ), CONSTANTS[ $name ] ) ) . '</p>';
		return;
	}
	$secret = in_array( $name, SECRETS, true );
	printf(
		'<input class="regular-text" id="slugline-%1$s" name="slugline[%1$s]" type="%2$s" value="%3$s" autocomplete="off" aria-describedby="slugline-%1$s-about"><p class="description" id="slugline-%1$s-about">%4$s</p>',
		esc_attr( $name ),
		$secret ? 'password' : 'url',
		esc_attr( $secret ? '' : setting( $name ) ),
		esc_html( $secret && '' !== setting( $name ) ? __( 'It is set. Leave the field empty to keep it.', 'slugline' ) : $about )
	);
}

/** What failed at least once and is still open. */
function show_failures(): void {
	if ( ! current_user_can( 'edit_others_posts' ) ) {
		return;
	}
	$failed = array_filter( open_messages(), fn( $message ) => null !== $message['error'] );
	if ( array() === $failed ) {
		return;
	}
	echo '<div class="notice notice-error"><p>' . esc_html__( 'Slugline has not been told of these stories. They are sent again by themselves.', 'slugline' ) . '</p><ul>';
	foreach ( array_slice( $failed, 0, 10 ) as $message ) {
		printf( '<li><bdi>%s</bdi>: <bdi>%s</bdi></li>', esc_html( $message['known']['title'] ), esc_html( $message['error'] ) );
	}
	if ( count( $failed ) > 10 ) {
		/* translators: %d: how many more */
		echo '<li>' . esc_html( sprintf( __( 'and %d more', 'slugline' ), count( $failed ) - 10 ) ) . '</li>';
	}
	echo '</ul><form method="post" action="' . esc_url( admin_url( 'admin-post.php' ) ) . '"><input type="hidden" name="action" value="slugline_again">';
	wp_nonce_field( 'slugline_again' );
	submit_button( __( 'Send now', 'slugline' ), 'secondary', 'submit', false );
	echo '</form></div>';
}

function send_again(): void {
	if ( ! current_user_can( 'edit_others_posts' ) ) {
		wp_die( esc_html__( 'You may not do this.', 'slugline' ), '', array( 'response' => 403 ) );
	}
	check_admin_referer( 'slugline_again' );
	send_all( array_column( open_messages(), 'post' ) );
	wp_safe_redirect( wp_get_referer() ? wp_get_referer() : admin_url() );
	exit;
}
