/** The activities: each a local transaction of one service. */
export interface Steps {
  placeOrder(orderId: string): Promise<void>;
  cancelOrder(orderId: string): Promise<void>;
  authorizePayment(orderId: string): Promise<void>;
  refundPayment(orderId: string): Promise<void>;
  reserveInventory(orderId: string): Promise<void>;
  releaseInventory(orderId: string): Promise<void>;
  requestShipment(orderId: string): Promise<void>;
}
