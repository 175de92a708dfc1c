/*
 * Facts of many trades, named as a rule should leave them: short and long ones, states, irregular
 * verbs, nouns that are also verbs, and words that a rule might trip over.
 */
export const GOOD_NAMES: readonly string[] = `
  order.placed order.created order.submitted order.confirmed order.completed order.cancelled
  order.rejected order.expired order.paid order.shipped order.split order.put_on_hold order.on_hold
  order.released_from_hold order.address_changed order.delivery_date_changed order.line_added
  order.line_removed order.discount_applied order.credit_reserved order.return_requested
  order.cancellation_requested order.fraud_suspected order.reopened order.backordered
  order.partially_shipped order.handed_over order.picked order.packed order.set_aside
  order.written_off
  payment.authorized payment.authorization_failed payment.captured payment.charged payment.declined
  payment.settled payment.refunded payment.refund_failed payment.voided payment.reversed
  payment.disputed payment.failed payment.completed payment.finished payment.received payment.taken
  payment.held payment.overdue payment.method_added payment.method_removed payment.card_declined
  payment.card_expired payment.limit_exceeded payment.fee_waived payment.chargeback_won
  payment.chargeback_lost payment.mandate_revoked payment.payer_verified payment.timed_out
  payment.three_ds_challenged payment.partially_refunded payment.no_show_charged
  inventory.reserved inventory.reservation_failed inventory.reservation_cancelled
  inventory.reservation_expired inventory.released inventory.allocated inventory.restocked
  inventory.sold_out inventory.counted inventory.adjusted inventory.damaged inventory.out_of_stock
  inventory.low inventory.unavailable inventory.shelf_emptied inventory.threshold_crossed
  stock.reserved stock.checked stock.insufficient stock.ran_out stock.returned stock.moved
  stock.written_off stock.found stock.lost stock.level_fell stock.count_corrected
  shipping.requested shipping.started shipping.failed shipping.dispatched shipping.delivered
  shipping.delayed shipping.parcel_lost shipping.parcel_ready shipping.label_printed
  shipping.carrier_assigned shipping.pickup_requested shipping.rescheduled shipping.refused
  shipping.left_depot shipping.handed_to_neighbour shipping.returned_to_sender shipping.in_transit
  delivery.scheduled delivery.attempted delivery.address_corrected delivery.driver_assigned
  delivery.slot_booked delivery.route_planned delivery.out_for_delivery delivery.signed_for
  hotel.room_booked hotel.booking_cancelled hotel.guest_checked_in hotel.guest_checked_out
  hotel.overbooked hotel.room_upgraded hotel.rate_set hotel.night_audited hotel.no_show
  flight.seat_held flight.seat_released flight.overbooked flight.delayed flight.rebooked
  flight.gate_changed flight.boarding_started flight.taken_off flight.landed flight.diverted
  car.reserved car.picked_up car.returned car.returned_late car.damage_reported car.key_handed_over
  trip.requested trip.confirmed trip.unwound trip.abandoned ride.assigned ride.driver_arrived
  restaurant.table_reserved restaurant.bill_split restaurant.kitchen_closed kitchen.ticket_created
  kitchen.ticket_cancelled kitchen.meal_ready kitchen.dish_sold_out
  customer.registered customer.signed_up customer.credit_reserved customer.credit_limit_exceeded
  customer.validation_failed customer.address_verified customer.merged customer.forgotten
  customer.left customer.opted_out customer.consent_withdrawn customer.segment_changed
  account.opened account.closed account.suspended account.reactivated account.overdrawn
  account.password_reset account.email_verified account.locked account.frozen account.balance_low
  subscription.renewed subscription.lapsed subscription.paused subscription.trial_begun
  subscription.trial_ended subscription.plan_changed subscription.seat_added subscription.past_due
  invoice.issued invoice.sent invoice.paid invoice.overdue invoice.voided invoice.finalized
  invoice.payment_failed invoice.credit_note_issued invoice.marked_uncollectible
  invoice.reminder_sent
  coupon.redeemed coupon.expired loyalty.points_earned loyalty.points_spent loyalty.tier_reached
  gift_card.issued gift_card.emptied ticket.sold ticket.resold ticket.scanned ticket.kept_open
  seat.held seat.freed concert.sold_out offer.made offer.withdrawn offer.lapsed auction.bid_placed
  auction.won auction.closed auction.outbid loan.applied_for loan.approved loan.declined
  loan.paid_off loan.defaulted loan.documents_signed loan.terms_and_conditions_accepted
  claim.filed claim.assessed claim.paid_out claim.reopened policy.issued policy.lapsed
  appointment.booked appointment.missed appointment.rescheduled patient.admitted patient.discharged
  prescription.written prescription.dispensed sample.taken sample.lost result.published
  review.written review.flagged message.sent message.read message.bounced mail.welcomed
  notification.sent notification.delivered document.signed document.uploaded file.scanned
  contract.signed contract.terminated employee.hired employee.left shift.swapped shift.begun
  machine.started machine.stopped machine.broke_down machine.coin_inserted sensor.reading_taken
  sensor.went_offline meter.read meter.replaced batch.finished batch.mixed batch.failed_inspection
  label.printed page.published article.published video.transcoded stream.begun game.won
  game.move_made match.drawn player.joined player.kicked_out lottery.drawn vote.cast ballot.counted
  gateway.settled gateway.confirmed bank.transfer_received bank.account_debited ledger.booked
  ledger.entry_posted fraud.checked fraud.score_raised risk.accepted tax.calculated price.set
  price.cut quote.given quote.accepted project.kicked_off task.assigned sprint.begun build.broken
  release.shipped server.provisioned domain.transferred parcel.weighed parcel.x_rayed
  recipe.shared pet.fed pet.adopted plant.watered school.enrolled course.completed exam.taken
  exam.passed library.book_lent library.book_returned library.fine_paid museum.ticket_torn
`
  .trim()
  .split(/\s+/)
  .map((name) => `${name}.v1`);
