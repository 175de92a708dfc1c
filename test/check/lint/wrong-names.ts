import type { LintCode } from "../../../src/check/finding.ts";

/** Names as people write them in their first choreography, by what is to be said of them. */
export const WRONG_NAMES: Readonly<Partial<Record<LintCode, string>>> = {
  COMMAND_NAME: `
    billing.charge.v1 billing.charge_card.v1 billing.do_charge.v1 billing.please_charge.v1
    billing.should_charge.v1 billing.must_capture.v1 billing.need_charge.v1 billing.wants_refund.v1
    billing.capture_now.v1 billing.refund_money.v1 billing.process_payment.v1 billing.pay.v1
    billing.request_capture.v1 billing.refund_requested.v1 billing.go.v1 billing.let_pay.v1
    stock.allocate.v1 stock.allocate_items.v1 stock.take_back.v1 stock.release_goods.v1
    stock.verify_quantity.v1 stock.reservation_requested.v1 stock.undo_reservation.v1
    stock.unreserve_items.v1 stock.roll_back.v1 stock.try_reserve.v1 stock.goods_release.v1
    delivery.send_parcel.v1 delivery.dispatch.v1 delivery.start_delivery.v1 delivery.deliver_it.v1
    delivery.dispatch_requested.v1 delivery.schedule_truck.v1 order.validate.v1 order.create.v1
    order.inform_customer.v1 order.ask_stock.v1 order.tell_billing.v1 order.trigger_shipping.v1
    mail.send_confirmation.v1 ReserveStock CreateOrder ChargeCard SendMailPlease
    customer.notify.v1 customer.customer_notify.v1 hotel.book_room.v1 flight.hold_seat.v1`,
  UNFINISHED_NAME: `
    billing.charging.v1 billing.refunding.v1 billing.card_charging.v1 billing.will_charge.v1
    stock.allocating.v1 stock.items_reserving.v1 stock.will_be_reserved.v1 delivery.delivering.v1
    delivery.parcel_moving.v1 order.cancelling.v1 order.waiting_for_stock.v1 OrderProcessing`,
  NOT_A_FACT: `
    billing.billing.v1 billing.capture_failure.v1 billing.cancellation.v1 billing.success.v1
    billing.settlement.v1 billing.timeout.v1 stock.reservation.v1 stock.allocation_failure.v1
    stock.stock.v1 delivery.shipment.v1 delivery.delivery.v1 order.creation.v1 order.rejection.v1
    order.approval.v1 order.order_confirmation.v1 PaymentFailure StockReservation`,
  VAGUE_NAME: `
    billing.data.v1 billing.info.v1 billing.result.v1 billing.status.v1 billing.status_updated.v1
    billing.event.v1 billing.state_changed.v1 billing.ng.v1 billing.okay.v1 billing.error.v1
    billing.error_occurred.v1 billing.paid_maybe.v1 billing.something_happened.v1 billing.step3.v1
    billing.step_one_done.v1 stock.changed.v1 stock.stock_updated.v1 stock.update.v1
    stock.processed.v1 stock.response.v1 stock.notification.v1 stock.next_step.v1
    delivery.done.v1 delivery.message.v1 order.order_changed.v1 order.handled.v1
    order.misc_stuff.v1 OrderUpdated StockDataReceived PaymentDoneProbably`,
  TECHNICAL_NAME: `
    billing.record_inserted.v1 billing.row_updated.v1 billing.db_saved.v1 billing.api_called.v1
    stock.table_deleted.v1 stock.entity_persisted.v1 stock.cache_updated.v1
    order.button_clicked.v1 order.checkout_page_opened.v1 order.dialog_closed.v1`,
  TWO_FACTS: `
    billing.charged_and_settled.v1 stock.reserved_and_packed.v1
    order.paid_and_parcel_sent.v1 delivery.picked_up_and_delivered.v1`,
  REPEATED_DOMAIN: `
    billing.billing_settled.v1 stock.stock_reserved.v1 delivery.delivery_scheduled.v1
    order.order_placed.v1 order.orderCancelled.v1`,
  NAME_LANGUAGE: `
    注文.作成.v1 在庫.確保.v1 支払.失敗.v1 order.キャンセル済み.v1 決済完了 commande.créée.v1
    zaiko.hikiate.v1 chuumon.kakunin.v1 seikyuu.shippai.v1 kessai.torikeshi.v1 haisou.kaishi.v1
    shouhin.henkou_shita.v1 order.kyanseru_sareta.v1 billing.henkin_kanryou.v1
    stock.kakuho_shite_kudasai.v1 delivery.hassou_onegai.v1`,
  NAME_GRAMMAR: `
    StockReserved stockReserved billing.charged billing.Charged.v1 Billing.charged.v1
    billing.charged.2 billing.charged.V1 billing.chargedV1 billing_charged.v1 billing-charged.v1
    billing.card.charged.v1 billing.charged.v0 billing..charged.v1 billing.v1 charged`,
};

/** What is proposed in place of a wrong name. */
export const PROPOSALS: readonly (readonly [string, string])[] = [
  ["billing.charge.v1", "billing.charged.v1"],
  ["stock.release_goods.v2", "stock.goods_released.v2"],
  ["ReserveStock", "stock.reserved.v1"],
  ["delivery.start_delivery.v1", "delivery.started.v1"],
  ["order.validate.v1", "order.validated.v1"],
  ["stock.allocating.v1", "stock.allocated.v1"],
  ["order.approval.v1", "order.approved.v1"],
  ["stock.allocation_failure.v1", "stock.allocation_failed.v1"],
  ["stock.stock_reserved.v1", "stock.reserved.v1"],
  ["chuumon.torikeshi.v1", "order.cancelled.v1"],
  ["決済.失敗.v1", "payment.failed.v1"],
  ["billing.charged", "billing.charged.v1"],
  ["StockReserved", "stock.reserved.v1"],
  ["Billing.charged.v3", "billing.charged.v3"],
];
